import { isUtf8 } from 'node:buffer';
import { isJsonObject } from '../../core/json.js';
import { parseExactly, parseJson, quote } from '../json-body.js';
import { badRequest, RequestError } from '../request-error.js';
import type { InputRecord, InputRows } from '../served-model.js';

export const EXAMPLE = 'Send {"records": [{"COLUMN": VALUE, …}]} or {"columns": {"COLUMN": [VALUE, …]}}.';

const JSON_TYPES = new Set([
  '',
  'application/json',
  'text/json',
  'application/x-www-form-urlencoded',
  'text/plain',
]);
const LINE_TYPES = new Set([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-jsonlines',
]);

/** A body that was read: its rows, and the JSON document they were in, if there was one. */
export interface PredictBody {
  readonly document: unknown;
  /** Whether its cells are texts, and numbers only for a model that takes numbers. */
  readonly isText: boolean;
  rows(): InputRows;
  /** The same with whole numbers that JSON.parse would round as bigints. */
  exactRows(): InputRows;
}

/**
 * Rows by Content-Type: a JSON document of records or columns (also where the type is none, or curl's own), JSON Lines
 * of one record a line, or CSV with a header.
 * @throws RequestError 400 that says what is wrong and where, 415 for another type.
 */
export async function readRows(bytes: Buffer, contentType: string | undefined): Promise<PredictBody> {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (JSON_TYPES.has(type) || type.endsWith('+json')) {
    const document = parseJson(bytes);
    if (!isJsonObject(document))
      throw badRequest(`The body is ${quote(document)}, not an object.`, { hint: EXAMPLE });
    return {
      document,
      isText: false,
      rows: () => rowsOf(document),
      exactRows: () => rowsOf(parseExactly(bytes) as InputRecord),
    };
  }
  if (LINE_TYPES.has(type)) {
    const records = readLines(bytes, parseJson);
    return {
      document: undefined,
      isText: false,
      rows: () => ({ form: 'records', records }),
      exactRows: () => ({ form: 'records', records: readLines(bytes, parseExactly) }),
    };
  }
  if (type === 'text/csv' || type === 'application/csv') {
    const rows = await readCsv(bytes);
    return { document: undefined, isText: true, rows: () => rows, exactRows: () => rows };
  }
  throw new RequestError(415, 'UNSUPPORTED_MEDIA_TYPE', `Content-Type ${quote(type)} is not supported.`, {
    hint: 'Send application/json, application/x-ndjson or text/csv.',
  });
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw badRequest('The body is not UTF-8 text.');
  const text = bytes.toString('utf8');
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

function readLines(bytes: Buffer, parse: (line: Buffer) => unknown): InputRecord[] {
  const records: InputRecord[] = [];
  for (const line of textOf(bytes).split('\n')) {
    if (line.trim() === '') continue;
    const row = records.length;
    let value: unknown;
    try {
      value = parse(Buffer.from(line));
    } catch (error) {
      throw badRequest(`Record ${row}: ${(error as Error).message}`, { details: { row } });
    }
    if (!isJsonObject(value)) throw notARecord(value, row);
    records.push(value);
  }
  return records;
}

function notARecord(value: unknown, row: number): RequestError {
  return badRequest(`Record ${row} is ${quote(value)}, not an object.`, { hint: EXAMPLE, details: { row } });
}

async function readCsv(bytes: Buffer): Promise<InputRows> {
  const { parse } = await import('csv-parse/sync');
  let lines: string[][];
  try {
    lines = parse(textOf(bytes), { skip_empty_lines: true });
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw badRequest(`The body is not CSV: ${(error as Error).message}`);
  }
  const [header = [], ...lists] = lines;
  if (header.length === 0)
    throw badRequest('The CSV has no header.', { hint: 'Name the columns in the first line.' });
  const names = new Set<string>();
  const twice = header.find((name) => names.size === names.add(name).size);
  if (twice !== undefined) throw badRequest(`The CSV has two columns ${quote(twice)}.`);
  const columns = new Map(header.map((name, i) => [name, lists.map((list) => list[i])]));
  return { form: 'columns', rows: lists.length, columns };
}

function rowsOf(body: Readonly<Record<string, unknown>>): InputRows {
  const { records, columns } = body;
  if ((records === undefined) === (columns === undefined)) {
    const both = records === undefined ? 'neither "records" nor "columns"' : 'both "records" and "columns"';
    throw badRequest(`The body has ${both}; expected one of them.`, { hint: EXAMPLE });
  }
  if (columns !== undefined) return fromColumns(columns);
  if (!Array.isArray(records)) {
    throw badRequest(`"records" is ${quote(records)}, not a list.`, { hint: EXAMPLE });
  }
  const wrong = records.findIndex((record: unknown) => !isJsonObject(record));
  if (wrong !== -1) throw notARecord(records[wrong], wrong);
  return { form: 'records', records: records as InputRecord[] };
}

function fromColumns(columns: unknown): InputRows {
  if (!isJsonObject(columns)) {
    throw badRequest(`"columns" is ${quote(columns)}, not an object.`, { hint: EXAMPLE });
  }
  const entries = Object.entries(columns).map(([name, values]): [string, readonly unknown[]] => {
    if (Array.isArray(values)) return [name, values];
    throw badRequest(`Column ${quote(name)} is ${quote(values)}, not a list.`, { hint: EXAMPLE });
  });
  const [first] = entries;
  const rows = first?.[1].length ?? 0;
  const uneven = entries.find(([, values]) => values.length !== rows);
  if (uneven !== undefined && first !== undefined) {
    throw badRequest(
      `Column ${quote(uneven[0])} has ${uneven[1].length} values and column ${quote(first[0])} has ${rows}.`,
      { hint: 'All columns need the same number of values.' },
    );
  }
  return { form: 'columns', rows, columns: new Map(entries) };
}
