import { join } from 'node:path';
import type { DataContent, FeaturesContent, SplitName } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import type { Reporter } from '../../core/reporter.js';
import type { StepContext } from '../../core/step.js';
import type { TaskKind } from '../../core/task-kind.js';
import { writeJsonAtomic } from '../../workspace/atomic.js';
import { idOf } from '../../workspace/hash.js';
import type { Manifest } from '../../workspace/manifest.js';
import { Workspace } from '../../workspace/workspace.js';
import { FEATURES_FILE } from '../features-dataset.js';
import { dataRows, type GivenRows, givenRows } from './given-rows.js';
import { writeSplitCsv } from './csv.js';
import { planPreprocess, type PreprocessOptions, type PreprocessPlan } from './plan.js';
import { prepareRows, type PreparedRows } from './rows.js';
import { requireFolder } from '../require-folder.js';

export type { PreprocessOptions } from './plan.js';

/** Raised when the same options would give other features. */
const STEP_VERSION = 3;

export type PreprocessResult = {
  readonly schemaVersion: 1;
  readonly id: string;
  /** Nothing was done: this feature set was there already. */
  readonly upToDate: boolean;
  readonly data: string;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly target: FeaturesContent['target'];
  /** Rows of each split. */
  readonly rows: { readonly [split in SplitName]: number };
  readonly splitting: FeaturesContent['splitting'];
  /** Features in all, and of each role. */
  readonly features: number;
  readonly roles: { readonly numeric: number; readonly indicator: number; readonly code: number };
  /** Raw columns the features are made of. */
  readonly columns: readonly string[];
  readonly leftOut: FeaturesContent['leftOut'];
  readonly cleaning: FeaturesContent['cleaning'];
  readonly seed: number;
  /** Files that --write-csv wrote. */
  readonly csv: readonly string[];
};

/**
 * Makes a feature set of a data set: rows cleaned and split, every column turned into features by what the training rows
 * are like, all splits as tensors. The same options on the same data give the same id and are up to date.
 * @throws AimaasError USAGE, COLUMN_NOT_FOUND, COLUMN_VALUE, TARGET, TOO_FEW_ROWS, ARTIFACT_NOT_FOUND, STORAGE.
 */
export async function preprocess(
  options: PreprocessOptions,
  context: StepContext,
): Promise<PreprocessResult> {
  await requireFolder('--write-csv', options.writeCsv);
  const workspace = new Workspace(context.workspace);
  const data = await workspace.find<DataContent>('data', options.data);
  return preprocessAs(planPreprocess(options, data), data, options, context);
}

/** `preprocess` by a plan made before, perhaps for other data: every fold of a cross-validation has the same. */
export async function preprocessAs(
  plan: PreprocessPlan,
  data: Manifest<DataContent>,
  options: Pick<PreprocessOptions, 'validationData' | 'testData' | 'writeCsv' | 'force'> & {
    /** The rows given are a fold of the data, in which rows may well repeat. */
    readonly isFold?: boolean;
  },
  context: StepContext,
): Promise<PreprocessResult> {
  const workspace = new Workspace(context.workspace);
  const given = await givenOf(workspace, data, plan, options, context.signal);
  const key: JsonObject = {
    step: 'preprocess',
    version: STEP_VERSION,
    data: data.id,
    plan,
    given: {
      validation: given.validation?.identity ?? null,
      test: given.test?.identity ?? null,
    },
  };
  const id = idOf(key);
  const found = options.force === true ? undefined : await workspace.read<FeaturesContent>('features', id);
  if (found !== undefined) await workspace.setCurrent('features', id);
  const manifest =
    found ??
    (await workspace.publish<FeaturesContent>({
      kind: 'features',
      id,
      key,
      reporter: context.reporter,
      signal: context.signal,
      write: (directory) =>
        write(directory, { workspace, data, plan, given, context, isFold: options.isFold === true }),
    }));
  const csv =
    options.writeCsv === undefined ? [] : await writeSplitCsv(workspace, manifest, options.writeCsv);
  return resultOf(manifest, found !== undefined, csv);
}

interface Given {
  readonly validation?: GivenRows | undefined;
  readonly test?: GivenRows | undefined;
}

async function givenOf(
  workspace: Workspace,
  data: Manifest<DataContent>,
  plan: PreprocessPlan,
  options: Pick<PreprocessOptions, 'validationData' | 'testData'>,
  signal: AbortSignal,
): Promise<Given> {
  const needed = [...plan.columns, plan.target, ...(plan.weightColumn === null ? [] : [plan.weightColumn])];
  const open = (location: string | undefined): Promise<GivenRows> | undefined =>
    location === undefined ? undefined : givenRows(workspace, location, data.content.schema, needed, signal);
  return { validation: await open(options.validationData), test: await open(options.testData) };
}

interface WriteJob {
  readonly workspace: Workspace;
  readonly data: Manifest<DataContent>;
  readonly plan: PreprocessPlan;
  readonly given: Given;
  readonly context: StepContext;
  readonly isFold: boolean;
}

async function write(directory: string, job: WriteJob): Promise<FeaturesContent> {
  const { data, plan, context } = job;
  const prepared = await prepareRows({
    source: dataRows(job.workspace, data, context.signal),
    plan,
    given: job.given,
    reporter: context.reporter,
    signal: context.signal,
    directory,
  });
  warn(context.reporter, plan, prepared);
  if (!job.isFold) warnOfLeaks(context.reporter, prepared);
  const { fitted, target, splits, cleaning } = prepared;
  await writeJsonAtomic(join(directory, FEATURES_FILE), fitted.toJSON());
  return {
    data: data.id,
    dataName: data.content.name,
    task: target.task,
    target,
    layout: fitted.layout,
    splits,
    hasWeights: plan.weightColumn !== null,
    seed: plan.seed,
    splitting: { method: plan.split.method, column: plan.split.column, given: plan.split.given },
    cleaning,
    leftOut: fitted.leftOut,
    recipe: { columns: plan.columns, choices: plan.choices, weightColumn: plan.weightColumn },
  };
}

/** What the user should know although it is no error. */
function warn(reporter: Reporter, plan: PreprocessPlan, prepared: PreparedRows): void {
  const { target, cleaning, singleClasses, splits } = prepared;
  if (cleaning.unknownClass > 0) {
    reporter.warn(
      `${cleaning.unknownClass} validation or test rows have a class that no training row has; they are left out.`,
      'Split so that training has every class, or collect more rows of the rare ones.',
    );
  }
  if (singleClasses.length > 0) {
    const names = singleClasses.slice(0, 5).map((name) => `"${name}"`);
    const more = singleClasses.length > names.length ? ', …' : '';
    reporter.warn(
      `Classes with a single row cannot be validated; their row is for training: ${names.join(', ')}${more}`,
    );
  }
  if (target.task === 'regression' && plan.task === 'auto' && Number.isInteger(target.minimum)) {
    reporter.debug(
      `"${target.column}" is learned as a number; --task multiclass learns its values as classes.`,
    );
  }
  if (splits.test.rows === 0) {
    reporter.info('There is no test split: judge the model with `aimaas evaluate --data FILE`.');
  }
}

/** Rows given for validation or test that are training rows. */
function warnOfLeaks(reporter: Reporter, prepared: PreparedRows): void {
  for (const { name, rows, of } of prepared.leaked) {
    reporter.warn(
      `${rows} of the ${of} ${name} rows repeat a training row, target included: the model is measured on what it has learned.`,
      `Give rows with --${name}-data that are not in the data set, or leave it out: rows are then set aside.`,
    );
  }
}

function resultOf(
  manifest: Manifest<FeaturesContent>,
  upToDate: boolean,
  csv: readonly string[],
): PreprocessResult {
  const { content } = manifest;
  const count = (role: string): number => content.layout.filter((column) => column.role === role).length;
  return {
    schemaVersion: 1,
    id: manifest.id,
    upToDate,
    data: content.data,
    dataName: content.dataName,
    task: content.task,
    target: content.target,
    rows: {
      train: content.splits.train.rows,
      validation: content.splits.validation.rows,
      test: content.splits.test.rows,
    },
    splitting: content.splitting,
    features: content.layout.length,
    roles: { numeric: count('numeric'), indicator: count('indicator'), code: count('code') },
    columns: [...new Set(content.layout.map(({ source }) => source))],
    leftOut: content.leftOut,
    cleaning: content.cleaning,
    seed: content.seed,
    csv,
  };
}
