import type { TargetState } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { PreprocessPlan } from './plan.js';
import type { RowScan, RowSource } from './row-scan.js';
import { type Assignment, groupSplit, NO_SPLIT, randomSplit, type SplitInput, timeSplit } from './split.js';
import { fitClasses, fitNumbers, NO_CLASS } from '../target.js';

/** The target of every row of the source, once it is known what it is. */
export type Labels = { readonly target: TargetState; readonly y: Int32Array | Float64Array };

function assign(plan: PreprocessPlan, scan: RowScan, total: number, classes: Int32Array | null): Assignment {
  const { method, column, fractions } = plan.split;
  const input: SplitInput = { total, rows: scan.rows, fractions, seed: plan.seed, classes };
  if (scan.groups !== null) return groupSplit(input, scan.groups, column ?? '');
  if (scan.times !== null) return timeSplit(input, scan.times, column ?? '');
  if (method !== 'column' || scan.named === null) return randomSplit(input);
  const assignment = new Uint8Array(total).fill(NO_SPLIT);
  for (const row of scan.rows) assignment[row] = scan.named[row] as number;
  if (!assignment.includes(0)) {
    throw new AimaasError('TOO_FEW_ROWS', `No row of column "${column ?? ''}" says train.`, {
      hint: 'The split column says train, validation or test.',
    });
  }
  return assignment;
}

/** @throws AimaasError TARGET or TOO_FEW_ROWS where no row is left. */
export function checkRows(plan: PreprocessPlan, { rows, cleaning }: RowScan): void {
  if (rows.length > 0) return;
  if (cleaning.rowsRead > 0 && cleaning.withoutTarget === cleaning.rowsRead) {
    throw new AimaasError('TARGET', `The target column "${plan.target}" has no value in any row.`, {
      hint: 'Name another target: aimaas preprocess --target COLUMN',
    });
  }
  throw new AimaasError('TOO_FEW_ROWS', `No row is left of the ${cleaning.rowsRead} in the data set.`, {
    hint: 'Check --impute drop, --time-column and --split-column, each of which leaves rows out.',
    details: { ...cleaning },
  });
}

/** @throws AimaasError COLUMN_VALUE where no training row counts. */
function trainingWeights(
  plan: PreprocessPlan,
  { weights }: RowScan,
  rows: Int32Array,
): Float32Array | undefined {
  if (weights === null) return undefined;
  const own = Float32Array.from(rows, (row) => weights[row] as number);
  if (own.some((weight) => weight > 0)) return own;
  throw new AimaasError(
    'COLUMN_VALUE',
    `The weight in column "${plan.weightColumn ?? ''}" is 0 in all ${rows.length} training rows, so there is nothing to learn from.`,
    { hint: 'Choose another --weight-column, or leave it out.', details: { column: plan.weightColumn } },
  );
}

/** Splits the rows and understands the target: classes keep their proportions, and are those that training has. */
export function splitRows(
  plan: PreprocessPlan,
  scan: RowScan,
  { schema, rows: total }: RowSource,
): { labels: Labels; assignment: Assignment; unknownClass: number; singleClasses: string[] } {
  const training = (assignment: Assignment): Int32Array => scan.rows.filter((row) => assignment[row] === 0);
  if (!scan.target.isClasses(plan.task, schema.target === plan.target)) {
    if (plan.positive !== null) {
      throw new AimaasError(
        'USAGE',
        `--positive is for classes, but "${plan.target}" is learned as a number.`,
        {
          hint: 'aimaas preprocess --task binary',
        },
      );
    }
    const y = scan.target.numbers();
    const assignment = assign(plan, scan, total, null);
    const rows = training(assignment);
    const values = Float64Array.from(rows, (row) => y[row] as number);
    return {
      labels: { target: fitNumbers(plan.target, values, trainingWeights(plan, scan, rows)), y },
      assignment,
      unknownClass: 0,
      singleClasses: [],
    };
  }
  const { names, labels } = scan.target.classes();
  const assignment = assign(plan, scan, total, labels);
  const rows = training(assignment);
  const learned = Int32Array.from(rows, (row) => labels[row] as number);
  const { target, index } = fitClasses(
    plan.target,
    names,
    learned,
    plan.task,
    plan.positive ?? undefined,
    trainingWeights(plan, scan, rows),
  );
  const y = labels.map((label) => (label === NO_CLASS ? NO_CLASS : (index[label] as number)));
  let unknownClass = 0;
  const counts = new Float64Array(names.length);
  for (const row of scan.rows) {
    counts[labels[row] as number] = (counts[labels[row] as number] as number) + 1;
    if (y[row] !== NO_CLASS || assignment[row] === NO_SPLIT) continue;
    assignment[row] = NO_SPLIT;
    unknownClass++;
  }
  const singleClasses = names.filter((_, i) => counts[i] === 1);
  return { labels: { target, y }, assignment, unknownClass, singleClasses };
}
