import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { isJsonObject, type Json } from '../../core/json.js';
import type { Prediction } from '../../core/predictor.js';
import type { DataSchema, Table } from '../../core/table.js';
import { LOG_PREFIX, LOG_SUFFIX, type LoggedPrediction } from '../../drift/index.js';
import { tableFromRecords } from '../../sources/records.js';

/** Lines read at once. */
const CHUNK = 4096;

export interface LogFilter {
  readonly model: string;
  /** null takes every version. */
  readonly version: number | null;
  /** Milliseconds since 1970 UTC; earlier predictions are left out. */
  readonly since: number | undefined;
}

/** What was read of a log besides its rows. */
export interface LogSummary {
  /** Lines that are no prediction: cut off, or of something else. */
  unreadable: number;
  /** Predictions of other models or versions, or too early. */
  others: number;
  /** Times of the first and last prediction, ISO 8601. */
  first: string | null;
  last: string | null;
}

export interface LoggedRows {
  /** Columns that no row of the chunk has are left out: they were masked. */
  readonly table: Table;
  readonly predictions: readonly Prediction[];
}

/**
 * The logged rows of a model, in chunks.
 * @param location a folder that serve logged to, or one file of it.
 * @throws AimaasError SOURCE_NOT_FOUND when there is no log.
 */
export async function* readPredictionLog(
  location: string,
  schema: DataSchema,
  filter: LogFilter,
  summary: LogSummary,
  signal: AbortSignal,
): AsyncGenerator<LoggedRows> {
  const logged: DataSchema = {
    columns: schema.columns.map((column) =>
      column.kind === 'date' ? { ...column, dateFormat: 'iso' } : column,
    ),
    target: null,
  };
  let chunk: LoggedPrediction[] = [];
  for (const file of await filesOf(location)) {
    const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity });
    for await (const line of lines) {
      const entry = parse(line);
      if (entry === undefined) {
        if (line.trim() !== '') summary.unreadable++;
      } else if (!fits(entry, filter)) summary.others++;
      else {
        if (summary.first === null || entry.time < summary.first) summary.first = entry.time;
        if (summary.last === null || entry.time > summary.last) summary.last = entry.time;
        chunk.push(entry);
      }
      if (chunk.length < CHUNK) continue;
      throwIfAborted(signal);
      yield rowsOf(chunk, logged);
      chunk = [];
    }
  }
  if (chunk.length > 0) yield rowsOf(chunk, logged);
}

async function filesOf(location: string): Promise<string[]> {
  const found = await stat(location).catch(() => undefined);
  if (found?.isFile() === true) return [location];
  const names = found === undefined ? [] : await readdir(location);
  const files = names.filter((name) => name.startsWith(LOG_PREFIX) && name.endsWith(LOG_SUFFIX)).sort();
  if (files.length > 0) return files.map((name) => join(location, name));
  const what = found === undefined ? 'does not exist' : `has no ${LOG_PREFIX}*${LOG_SUFFIX}`;
  throw new AimaasError('SOURCE_NOT_FOUND', `There is no prediction log: ${location} ${what}.`, {
    hint: `aimaas serve --log-predictions ${location}`,
  });
}

function parse(line: string): LoggedPrediction | undefined {
  let json: Json;
  try {
    json = JSON.parse(line) as Json;
  } catch {
    return undefined;
  }
  const isEntry =
    isJsonObject(json) &&
    typeof json['time'] === 'string' &&
    isJsonObject(json['inputs']) &&
    (typeof json['prediction'] === 'string' || typeof json['prediction'] === 'number');
  return isEntry ? (json as unknown as LoggedPrediction) : undefined;
}

function fits(entry: LoggedPrediction, { model, version, since }: LogFilter): boolean {
  if (entry.model !== model || (version !== null && entry.version !== version)) return false;
  return since === undefined || Date.parse(entry.time) >= since;
}

function rowsOf(entries: readonly LoggedPrediction[], schema: DataSchema): LoggedRows {
  const records = entries.map(({ inputs }) => inputs);
  const columns = schema.columns.filter(({ name }) => records.some((record) => Object.hasOwn(record, name)));
  return { table: tableFromRecords({ columns, target: null }, records), predictions: entries };
}
