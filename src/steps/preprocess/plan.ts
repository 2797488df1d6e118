import type { DataContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { DataSchema } from '../../core/table.js';
import type { TaskKind } from '../../core/task-kind.js';
import { type ChoiceSettings, type FeatureChoices, resolveChoices } from '../../features/index.js';
import type { Manifest } from '../../workspace/manifest.js';
import { planSplit, requireColumn, type SplitOptions, type SplitPlan } from './split-options.js';

export const DUPLICATES = ['keep', 'drop'] as const;

/** What `preprocess` can be asked for; everything has a default. */
export type PreprocessOptions = SplitOptions &
  ChoiceSettings & {
    /** Data set; the current one without it. */
    readonly data?: string | undefined;
    readonly target?: string | undefined;
    readonly task?: TaskKind | 'auto' | undefined;
    /** Of two classes the one that scores and probabilities are about. */
    readonly positive?: string | undefined;
    readonly seed?: number | undefined;
    readonly weightColumn?: string | undefined;
    /** Columns that are not to be features. */
    readonly drop?: readonly string[] | undefined;
    /** Columns that are features although they are used for splitting or as weights. */
    readonly feature?: readonly string[] | undefined;
    readonly duplicates?: (typeof DUPLICATES)[number] | undefined;
    /** Folder for x_train.csv, y_train.csv and so on. */
    readonly writeCsv?: string | undefined;
    /** Makes the feature set again even if it is there. */
    readonly force?: boolean | undefined;
  };

/** The options with every default filled in, against the columns of the data set. */
export type PreprocessPlan = {
  readonly target: string;
  readonly task: TaskKind | 'auto';
  readonly positive: string | null;
  readonly seed: number;
  readonly split: SplitPlan;
  readonly weightColumn: string | null;
  readonly duplicates: (typeof DUPLICATES)[number];
  /** Columns that features are made of. */
  readonly columns: readonly string[];
  readonly choices: FeatureChoices;
};

function targetOf(options: PreprocessOptions, schema: DataSchema): string {
  const target = options.target ?? schema.target;
  if (target === null) {
    throw new AimaasError('TARGET', 'The data set has no target column, and --target names none.', {
      hint: 'aimaas preprocess --target COLUMN',
      details: { target: null, columns: schema.columns.map(({ name }) => name) },
    });
  }
  requireColumn(schema, target, '--target');
  return target;
}

/**
 * Resolves the options.
 * @throws AimaasError USAGE, COLUMN_NOT_FOUND or TARGET for options that do not fit the data or each other.
 */
export function planPreprocess(options: PreprocessOptions, data: Manifest<DataContent>): PreprocessPlan {
  const { schema } = data.content;
  const target = targetOf(options, schema);
  const split = planSplit(options, schema);
  const weightColumn = options.weightColumn ?? null;
  if (weightColumn !== null) requireColumn(schema, weightColumn, '--weight-column');
  for (const name of options.drop ?? []) requireColumn(schema, name, '--drop');
  if (options.drop?.includes(target) === true) {
    throw new AimaasError('USAGE', `"${target}" is the target and cannot be dropped as well.`, {
      hint: 'Leave out the --drop of it, or name another --target.',
    });
  }
  for (const name of options.feature ?? []) requireColumn(schema, name, '--feature');
  for (const [role, column] of [
    ['split', split.column],
    ['weight', weightColumn],
  ] as const) {
    if (column !== target) continue;
    throw new AimaasError('USAGE', `Column "${target}" is the target and cannot be the ${role} column too.`, {
      hint: 'Name another column.',
    });
  }
  const wanted = new Set(options.feature ?? []);
  const unwanted = new Set(options.drop ?? []);
  const used = new Set([split.column, weightColumn].filter((name) => name !== null));
  const columns = schema.columns
    .map(({ name }) => name)
    .filter((name) => name !== target && !unwanted.has(name) && (wanted.has(name) || !used.has(name)));
  const considered = schema.columns.filter(({ name }) => columns.includes(name));
  return {
    target,
    task: options.task ?? 'auto',
    positive: options.positive ?? null,
    seed: options.seed ?? 0,
    split,
    weightColumn,
    duplicates: options.duplicates ?? 'keep',
    columns,
    choices: resolveChoices(options, { columns: considered, target: null }),
  };
}

/** Columns whose missing cells cost the row (--impute drop). */
export function requiredColumns(plan: PreprocessPlan): string[] {
  return plan.columns.filter((name) => plan.choices[name]?.impute === 'drop');
}
