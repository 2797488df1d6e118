import type { ParityResult } from '../core/bundle.js';
import type { TargetState } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';
import { cellCount, type Column, takeRows, type Table } from '../core/table.js';
import { classesOf, outputsOf } from '../tasks/index.js';
import type { ExportedAnswers, LoadedExport } from './exporter.js';

/**
 * How far a score is from the reference: of probabilities the difference itself; of values the difference relative to
 * the target's standard deviation, or to how far out the value lies, so that a tolerance means the same for any unit.
 */
function differenceOf(target: TargetState, expected: number, got: number): number {
  if (Object.is(expected, got) || (Number.isNaN(expected) && Number.isNaN(got))) return 0;
  const difference = Math.abs(expected - got);
  if (Number.isNaN(difference)) return Infinity;
  if (target.task !== 'regression') return difference;
  const spread = target.standardDeviation > 0 ? target.standardDeviation : 1;
  return difference / Math.max(spread, Math.abs(expected - target.mean));
}

/**
 * Compares what a reloaded export answers with what the run itself does: all rows at once, and the first one alone, so
 * that no batch size is baked in. A label may differ only where the two best classes are equal within the tolerance.
 * @throws AimaasError EXPORT_MISMATCH naming the row that differs most.
 */
export async function checkParity(
  format: string,
  loaded: LoadedExport,
  target: TargetState,
  rows: Table,
  expected: Float32Array,
  tolerance: number,
): Promise<ParityResult> {
  const outputs = outputsOf(target);
  const all = await loaded.answer(rows);
  const first = await loaded.answer(firstRow(rows));
  if (all.scores.length !== expected.length || first.scores.length !== outputs) {
    throw new AimaasError(
      'EXPORT_MISMATCH',
      `The ${format} export gives ${all.scores.length} numbers for ${rows.rows} rows; expected ${expected.length}.`,
      { hint: REPORT },
    );
  }
  let worst = { row: 0, difference: 0, got: all.scores };
  const compare = (row: number, got: Float32Array, at: number): void => {
    for (let i = 0; i < outputs; i++) {
      const difference = differenceOf(target, expected[row * outputs + i] ?? NaN, got[at + i] ?? NaN);
      if (difference > worst.difference) worst = { row, difference, got: got.subarray(at, at + outputs) };
    }
  };
  for (let row = 0; row < rows.rows; row++) compare(row, all.scores, row * outputs);
  compare(0, first.scores, 0);
  if (worst.difference > tolerance) throw mismatch(format, worst, rows, expected, outputs, tolerance);
  checkLabels(format, all, target, expected, tolerance);
  return {
    rows: rows.rows,
    maximumDifference: worst.difference,
    tolerance,
    checkedWith: loaded.runtime,
  };
}

const REPORT =
  'Nothing was published. Please report this, with the output of --json; other formats may still work: --format';

function mismatch(
  format: string,
  worst: { readonly row: number; readonly difference: number; readonly got: Float32Array },
  rows: Table,
  expected: Float32Array,
  outputs: number,
  tolerance: number,
): AimaasError {
  const own = expected.subarray(worst.row * outputs, (worst.row + 1) * outputs);
  const [want, got] = [Array.from(own), Array.from(worst.got.subarray(0, outputs))];
  return new AimaasError(
    'EXPORT_MISMATCH',
    `The ${format} export answers [${got.join(', ')}] where the run itself answers [${want.join(', ')}]: a difference of ${worst.difference.toPrecision(3)}, expected at most ${tolerance}.`,
    { hint: REPORT, details: { format, row: cellsOf(rows, worst.row), expected: want, got, tolerance } },
  );
}

function checkLabels(
  format: string,
  { labels }: ExportedAnswers,
  target: TargetState,
  expected: Float32Array,
  tolerance: number,
): void {
  if (labels === null) return;
  const classes = classesOf(target);
  labels.forEach((label, row) => {
    const own = expected.subarray(row * classes.length, (row + 1) * classes.length);
    const chosen = own[classes.indexOf(label)] ?? -1;
    if (Math.max(...own) - chosen > 2 * tolerance) {
      throw new AimaasError(
        'EXPORT_MISMATCH',
        `The ${format} export labels a row "${label}", which has probability ${chosen} of ${Math.max(...own)}.`,
        { hint: REPORT, details: { format, row, label } },
      );
    }
  });
}

function firstRow(table: Table): Table {
  const only = Int32Array.of(0);
  const columns = new Map([...table.columns].map(([name, column]) => [name, takeRows(column, only)]));
  return { rows: 1, columns };
}

function cellsOf(table: Table, row: number): Json {
  return Object.fromEntries([...table.columns].map(([name, column]) => [name, cellOf(column, row)]));
}

function cellOf(column: Column, row: number): Json {
  if (row >= cellCount(column)) return null;
  if (column.storage === 'string') return column.dictionary[column.codes[row] ?? -1] ?? null;
  const value = column.values[row] ?? NaN;
  return Number.isFinite(value) ? value : null;
}
