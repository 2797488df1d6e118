import { open, stat } from 'node:fs/promises';
import { AimaasError } from '../core/errors.js';
import { alignedText } from './text/aligned.js';
import { readHead } from './text/decode.js';
import { dialectOf, headerCells, headerNames, sniffDelimiter } from './text/dialect.js';
import { namedFormat } from './format.js';
import { jsonRows } from './text/json.js';
import { startsWith, throwOnOtherFormat } from './other-formats.js';
import { throwOnAligned, throwOnShape } from './text/other-tables.js';
import type { ReadOptions, RowProblem, Source } from './source.js';

/** A local file and the name by which the user knows it. */
export type LocalFile = { readonly location: string; readonly path: string };

/** The bytes that a format begins with. */
const GZIP = [0x1f, 0x8b];
const PARQUET = Array.from(Buffer.from('PAR1'));

/** @throws AimaasError SOURCE_NOT_FOUND for what is not there, a folder, or not readable. */
async function firstBytes(file: LocalFile): Promise<Uint8Array> {
  const info = await stat(file.path).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (info.isDirectory()) {
    throw new AimaasError('SOURCE_NOT_FOUND', `${file.location} is a folder, not a file.`, {
      hint: `Name the files in it: aimaas collect '${file.location.replace(/\/$/, '')}/*.csv'`,
    });
  }
  const handle = await open(file.path, 'r').catch((error: unknown) => {
    throw unreadable(file, error);
  });
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function unreadable(file: LocalFile, error: unknown): AimaasError {
  const code = (error as NodeJS.ErrnoException).code;
  const reason =
    code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read' : `cannot be read (${code})`;
  return new AimaasError('SOURCE_NOT_FOUND', `The file ${file.location} ${reason}.`, {
    hint: 'Check the path; paths are taken from the current folder.',
    cause: error,
  });
}

/** The encoding that a byte order mark names; UTF-8 without one. */
export function markedEncoding(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
}

/** What a text begins like. */
export function formatByText(head: string): 'csv' | 'jsonl' | 'json' {
  const text = head.trimStart();
  if (text.startsWith('[')) return 'json';
  return text.startsWith('{') ? 'jsonl' : 'csv';
}

/**
 * Looks at a file: what it is, how it is written, which columns it has.
 * @throws AimaasError SOURCE_NOT_FOUND, or SOURCE_FORMAT for what is empty or no table.
 */
export async function inspect(file: LocalFile, options: ReadOptions): Promise<Source> {
  const { location, path } = file;
  const bytes = await firstBytes(file);
  if (bytes.length === 0) throw empty(location);
  if (startsWith(bytes, PARQUET)) return inspectParquet(file);
  throwOnOtherFormat(location, bytes);
  const gzip = startsWith(bytes, GZIP);
  const encoding = options.encoding ?? (gzip ? 'utf-8' : markedEncoding(bytes));
  const { text, whole } = await readHead(path, gzip, encoding, location);
  return inspectText({ location, path, gzip, encoding }, text, whole, options);
}

/** {@link inspect} for text whose beginning is known, such as that of a stream. */
export async function inspectText(
  file: LocalFile & { readonly gzip: boolean; readonly encoding: string },
  head: string,
  whole: boolean,
  options: ReadOptions,
): Promise<Source> {
  if (head.includes('\0')) throw binary(file.location, head);
  if (head.trim() === '') throw empty(file.location);
  const named = namedFormat(file.location);
  const format = named === undefined ? formatByText(head) : named === 'jsonl' ? 'jsonl' : 'csv';
  const base = { ...file, format, textual: [], headerFirst: !/^\s*[\r\n]/.test(head) };
  if (format === 'jsonl') throwOnShape(file, head, whole);
  if (format !== 'csv') {
    const names = await keysOf(head, whole, format, file.location);
    return { ...base, delimiter: '', names, copies: new Map(), remarks: [] };
  }
  const given = options.delimiter === undefined ? undefined : dialectOf(options.delimiter);
  const delimiter = given?.delimiter ?? (named === 'tsv' ? '\t' : sniffDelimiter(head, whole));
  const aligned = given?.aligned ?? false;
  const cells = headerCells(aligned ? alignedText(head) : head, delimiter);
  if (cells === null) {
    throw new AimaasError('SOURCE_FORMAT', `The header of ${file.location} cannot be read as CSV.`, {
      hint: 'The first row must hold the names of the columns. Is a quote in it never closed?',
    });
  }
  if (given === undefined) throwOnAligned(file.location, head, whole, cells);
  // DuckDB takes a line break inside the header for the one that ends the rows of the file.
  const headerFirst = base.headerFirst && !cells.some((cell) => /[\r\n]/.test(cell));
  return { ...base, delimiter, aligned, headerFirst, ...headerNames(cells) };
}

function empty(location: string): AimaasError {
  return new AimaasError('SOURCE_FORMAT', `${location === '-' ? 'stdin' : location} is empty.`, {
    hint: 'A table needs a header and at least one row.',
  });
}

function binary(location: string, head: string): AimaasError {
  const line = head.slice(0, head.indexOf('\0')).split('\n').length;
  // The letters of UTF-16 have a NUL behind or before them.
  const utf16 = head[1] === '\0' ? 'utf-16le' : head[0] === '\0' && head[1] !== '\0' ? 'utf-16be' : undefined;
  const hint =
    utf16 === undefined
      ? "It is probably a binary file. If it is text with stray NULs, remove them: tr -d '\\000' < FILE > CLEAN"
      : `It looks like UTF-16 text: --encoding ${utf16}`;
  return new AimaasError('SOURCE_FORMAT', `${location} is not text: line ${line} has a NUL byte.`, {
    hint,
    details: { file: location, line },
  });
}

/** Every key of the objects in the head, in the order in which they first occur. */
async function keysOf(
  head: string,
  whole: boolean,
  format: 'jsonl' | 'json',
  location: string,
): Promise<string[]> {
  const keys = new Set<string>();
  const text = (async function* () {
    yield whole || format === 'json' ? head : head.slice(0, head.lastIndexOf('\n') + 1) || head;
    await Promise.resolve();
  })();
  // Objects that cannot be read are met again, and reported with their line, when the rows are read.
  const rows = jsonRows(text, {
    format,
    names: [],
    location,
    onOtherKey: (key) => keys.add(key),
  });
  let count = 0;
  let first: RowProblem | undefined;
  for await (const batch of rows) {
    count += batch.filter(({ problem }) => problem === undefined).length;
    first ??= batch.find(({ problem }) => problem !== undefined)?.problem;
  }
  if (count === 0 && whole) {
    const found = first === undefined || first.raw === '' ? '' : `: line ${first.line} ${first.reason}`;
    throw new AimaasError('SOURCE_FORMAT', `${location} has no JSON object in it${found}.`, {
      hint: 'Give one object a line ({"column": value}), or an array of objects.',
    });
  }
  return [...keys];
}

async function inspectParquet(file: LocalFile): Promise<Source> {
  const [{ withDatabase }, { parquetColumns }] = await Promise.all([
    import('./duckdb.js'),
    import('./parquet.js'),
  ]);
  const columns = await withDatabase(undefined, undefined, (database) =>
    parquetColumns(database, file.path, file.location),
  );
  const { names, copies, remarks } = headerNames(columns.map((column) => column.name));
  return {
    ...file,
    format: 'parquet',
    gzip: false,
    encoding: 'utf-8',
    delimiter: '',
    names,
    copies,
    headerFirst: true,
    textual: names.filter((_, i) => /^(?:VARCHAR|ENUM)/.test(columns[i]?.type ?? '')),
    remarks: remarks.filter((remark) => remark.code !== 'HEADER_LOOKS_LIKE_DATA'),
  };
}
