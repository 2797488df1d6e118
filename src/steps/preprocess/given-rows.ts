import { join } from 'node:path';
import type { DataContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { DataSchema, Table } from '../../core/table.js';
import { sha256OfFile } from '../../workspace/hash.js';
import type { Manifest } from '../../workspace/manifest.js';
import { exists, type Workspace } from '../../workspace/workspace.js';
import { columnOf, type RowSource } from './row-scan.js';

/** The file of a data set that holds its rows. */
const SNAPSHOT = 'data.parquet';

/** The rows of a data set. */
export function dataRows(workspace: Workspace, data: Manifest<DataContent>, signal: AbortSignal): RowSource {
  const path = join(workspace.folder('data', data.id), SNAPSHOT);
  const { schema, rows } = data.content;
  return {
    schema,
    rows,
    read: (columns) => snapshotRows(path, schema, columns, signal),
  };
}

/** Loads DuckDB only when rows are read. */
async function* snapshotRows(
  path: string,
  schema: DataSchema,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Table> {
  const { readSnapshot } = await import('../../sources/snapshot.js');
  yield* readSnapshot(path, { schema, columns, signal });
}

async function* fileRows(
  path: string,
  schema: DataSchema,
  columns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Table> {
  const { openRows } = await import('../../sources/open.js');
  const wanted = columns.map((name) => columnOf(schema, name));
  yield* openRows([path], { schema: { columns: wanted, target: null }, optional: [], signal });
}

/** Rows given for one split: what they are, so that the same are known again, and how to read them. */
export interface GivenRows {
  /** As the user named them. */
  readonly location: string;
  readonly identity: JsonObject;
  read(columns: readonly string[]): AsyncIterable<Table>;
}

/**
 * The rows that --validation-data or --test-data names: a data set of the workspace, or a file.
 * @throws AimaasError SOURCE_NOT_FOUND when it is neither; COLUMN_NOT_FOUND or ARTIFACT_INCOMPATIBLE when a data set does
 * not have the columns needed.
 */
export async function givenRows(
  workspace: Workspace,
  location: string,
  schema: DataSchema,
  needed: readonly string[],
  signal: AbortSignal,
): Promise<GivenRows> {
  if (await exists(location)) {
    return {
      location,
      identity: { sha256: await sha256OfFile(location) },
      read: (columns) => fileRows(location, schema, columns, signal),
    };
  }
  if (/^[0-9a-f]{1,64}$/.test(location)) {
    const data = await workspace.find<DataContent>('data', location);
    for (const name of needed) checkSameKind(data, schema, name);
    return {
      location,
      identity: { data: data.id },
      read: (columns) => dataRows(workspace, data, signal).read(columns),
    };
  }
  throw new AimaasError('SOURCE_NOT_FOUND', `There is no file and no data set "${location}".`, {
    hint: 'Give a path, or an id that `aimaas collect` printed.',
    details: { location },
  });
}

function checkSameKind(data: Manifest<DataContent>, schema: DataSchema, name: string): void {
  const found = data.content.schema.columns.find((column) => column.name === name);
  if (found === undefined) {
    throw new AimaasError('COLUMN_NOT_FOUND', `The data set ${data.id} has no column "${name}".`, {
      details: { column: name, data: data.id },
    });
  }
  const { kind } = columnOf(schema, name);
  if (found.kind !== kind) {
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `Column "${name}" is a ${found.kind} in data set ${data.id}, but a ${kind} in the one to train on.`,
      { hint: `aimaas collect FILE --type "${name}=${kind}"`, details: { column: name } },
    );
  }
}
