import type { SplitName, TargetState } from '../../core/artifacts.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { FittedFeatures } from '../../features/index.js';
import type { ShardWriter } from '../features-dataset.js';
import type { GivenRows } from './given-rows.js';
import type { PreprocessJob } from './job.js';
import { requiredColumns } from './plan.js';
import { type Cleaning, columnIn, columnOf, isMissing, weightsOf } from './row-scan.js';
import { gather, takeTable } from './table-rows.js';
import { encodeTarget, NO_CLASS } from '../target.js';
import type { TrainingRows } from './training-rows.js';

interface GivenJob {
  readonly name: SplitName;
  readonly rows: GivenRows;
  readonly writer: ShardWriter;
  readonly fitted: FittedFeatures;
  readonly target: TargetState;
  readonly cleaning: Cleaning;
  readonly training: TrainingRows;
}

/** Writes rows that were given for a split, cleaned as the others are; duplicates in them stay. */
export async function writeGiven(
  job: PreprocessJob,
  given: GivenJob,
): Promise<{ readonly cleaning: Cleaning; readonly repeated: number }> {
  const { plan, source } = job;
  const { fitted, target, writer, rows: of } = given;
  const required = requiredColumns(plan);
  const targetSchema = columnOf(source.schema, plan.target);
  let { rowsRead, withoutTarget, withMissing, unknownClass } = given.cleaning;
  let repeated = 0;
  const inputs = fitted.schema.columns.map(({ name }) => name);
  const columns = [...inputs, plan.target, ...required];
  if (plan.weightColumn !== null) columns.push(plan.weightColumn);
  let first = 0;
  for await (const table of of.read([...new Set(columns)])) {
    throwIfAborted(job.signal);
    const truth = columnIn(table, plan.target);
    const y = encodeTarget(target, targetSchema, truth);
    const complete = required.map((name) => columnIn(table, name));
    const kept: number[] = [];
    for (let row = 0; row < table.rows; row++) {
      if (isMissing(truth, row)) withoutTarget++;
      else if (complete.some((column) => isMissing(column, row))) withMissing++;
      else if (target.task !== 'regression' && y[row] === NO_CLASS) unknownClass++;
      else kept.push(row);
    }
    const rows = Int32Array.from(kept);
    const weights = plan.weightColumn === null ? null : weightsOf(table, plan.weightColumn, first);
    const taken = takeTable(table, rows);
    const answers = gather(y, rows);
    repeated += given.training.count(taken, inputs, answers);
    await writer.add({
      x: fitted.transform(taken),
      y: answers,
      row: rows.map((row) => first + row),
      weight: weights === null ? null : Float32Array.from(rows, (row) => weights[row] as number),
    });
    first += table.rows;
    rowsRead += table.rows;
  }
  if (writer.rows === 0) {
    throw new AimaasError('TOO_FEW_ROWS', `"${of.location}" has no row that can be used for ${given.name}.`, {
      hint: `It needs the columns of the training data, with known values of "${plan.target}".`,
    });
  }
  return { cleaning: { ...given.cleaning, rowsRead, withoutTarget, withMissing, unknownClass }, repeated };
}
