import type { DataContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { Column, ColumnSchema } from '../../core/table.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { dataRows } from '../preprocess/given-rows.js';

/** A whole column of a data set. */
export interface ColumnCells {
  readonly schema: ColumnSchema;
  readonly cells: Column;
  /** What is equal for equal cells; every missing cell is like no other. */
  readonly keyOf: (row: number) => number | string;
}

/** @throws AimaasError COLUMN_NOT_FOUND when the data set has no such column. */
export async function columnCells(
  workspace: Workspace,
  data: Manifest<DataContent>,
  name: string,
  signal: AbortSignal,
): Promise<ColumnCells> {
  const schema = data.content.schema.columns.find((column) => column.name === name);
  if (schema === undefined) {
    throw new AimaasError('COLUMN_NOT_FOUND', `The data set ${data.id} has no column "${name}".`);
  }
  const numbers = new Float64Array(data.content.rows);
  const codes = new Int32Array(data.content.rows);
  const index = new Map<string, number>();
  let isText = false;
  let at = 0;
  for await (const table of dataRows(workspace, data, signal).read([name])) {
    const column = table.columns.get(name);
    if (column?.storage === 'number') numbers.set(column.values, at);
    else if (column !== undefined) {
      isText = true;
      column.codes.forEach((code, row) => {
        const text = column.dictionary[code];
        if (text !== undefined && !index.has(text)) index.set(text, index.size);
        codes[at + row] = text === undefined ? -1 : (index.get(text) ?? -1);
      });
    }
    at += table.rows;
  }
  const cells: Column = isText
    ? { storage: 'string', codes, dictionary: [...index.keys()] }
    : { storage: 'number', values: numbers };
  const keyOf = (row: number): number | string => {
    const value = isText ? (codes[row] as number) : (numbers[row] as number);
    return (isText && value < 0) || Number.isNaN(value) ? `missing ${row}` : value;
  };
  return { schema, cells, keyOf };
}
