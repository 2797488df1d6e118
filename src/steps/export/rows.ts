import { join } from 'node:path';
import type { DataContent, FeaturesContent } from '../../core/artifacts.js';
import type { DataSchema, Table } from '../../core/table.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { readSplit } from '../features-dataset.js';
import { RowReader } from '../row-reader.js';

/** Rows that exports are checked on. */
const ROWS = 256;
/** Rows of the snapshot that are looked through for them. */
const MOST_SCANNED = 1_000_000;

/**
 * Some rows of the data that a model was made of, in the columns it takes: of the validation and test split as far as
 * they are near enough to the beginning, else the first ones.
 */
export async function realRows(
  workspace: Workspace,
  features: Manifest<FeaturesContent> | undefined,
  data: Manifest<DataContent>,
  inputs: DataSchema,
): Promise<Table> {
  const wanted = features === undefined ? new Set<number>() : await heldOutRows(workspace, features);
  const reader = new RowReader(inputs);
  const first = new RowReader(inputs);
  const { readSnapshot } = await import('../../sources/snapshot.js');
  const last = Math.max(-1, ...wanted);
  let start = 0;
  const names = inputs.columns.map(({ name }) => name);
  const path = join(workspace.folder('data', data.id), 'data.parquet');
  for await (const table of readSnapshot(path, { schema: data.content.schema, columns: names })) {
    for (let row = 0; row < table.rows; row++) {
      if (first.rows < ROWS) first.add(table, row);
      if (wanted.has(start + row)) reader.add(table, row);
    }
    start += table.rows;
    if (start > last || start >= MOST_SCANNED) break;
  }
  return reader.rows > 0 ? reader.table() : first.table();
}

/** Row numbers of the first rows of the validation and of the test split. */
async function heldOutRows(workspace: Workspace, features: Manifest<FeaturesContent>): Promise<Set<number>> {
  const rows = new Set<number>();
  for (const split of ['validation', 'test'] as const) {
    const most = rows.size + ROWS / 2;
    for await (const { row } of readSplit(workspace, features, split)) {
      for (const number of row) if (rows.size < most) rows.add(number);
      break;
    }
  }
  return rows;
}
