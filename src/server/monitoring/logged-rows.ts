import type { JsonObject, Json } from '../../core/json.js';
import type { Column, ColumnKind, Table } from '../../core/table.js';
import type { LoggedPrediction } from '../../drift/index.js';
import type { Scores } from '../scores.js';
import type { ColumnModel } from '../served-model.js';

export interface LoggedRowsOptions {
  /** Share of the rows that are logged, 0 to 1. */
  readonly sample: number;
  /** Columns that are left out. */
  readonly mask: ReadonlySet<string>;
  /** From 0 up to 1, for tests. */
  readonly random?: (() => number) | undefined;
}

/** The lines of a prediction log for some of the rows that a model answered. */
export function* loggedRows(
  { name, version, predictor }: Pick<ColumnModel, 'name' | 'version' | 'predictor'>,
  table: Table,
  scores: Scores,
  { sample, mask, random = Math.random }: LoggedRowsOptions,
): Generator<string> {
  const time = new Date().toISOString();
  const columns = predictor.schema.columns.filter((column) => !mask.has(column.name));
  for (let row = 0; row < table.rows; row++) {
    if (random() >= sample) continue;
    const inputs: JsonObject = Object.fromEntries(
      columns.map(({ name: column, kind }) => [column, cellOf(table.columns.get(column), kind, row)]),
    );
    const line: LoggedPrediction = { time, model: name, version, inputs, ...scores.prediction(row) };
    yield JSON.stringify(line);
  }
}

function cellOf(column: Column | undefined, kind: ColumnKind, row: number): Json {
  if (column === undefined) return null;
  if (column.storage === 'string') return column.dictionary[column.codes[row] ?? -1] ?? null;
  const value = column.values[row] ?? NaN;
  if (Number.isNaN(value)) return null;
  if (kind === 'boolean') return value !== 0;
  if (kind !== 'date') return value;
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
