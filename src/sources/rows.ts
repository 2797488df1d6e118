import { alignedPieces } from './text/aligned.js';
import { csvRows } from './text/csv.js';
import { decodeText, openBytes } from './text/decode.js';
import { jsonRows } from './text/json.js';
import type { OnProblem, RawRow, Source } from './source.js';

export type RawRowOptions = {
  /** Told of keys of JSON objects that are not among the names. */
  readonly onOtherKey?: (key: string) => void;
  /** Read these instead of the file. */
  readonly bytes?: AsyncIterable<Uint8Array>;
};

/** The rows of a source one after another, those with a problem among them, with memory for a batch of them only. */
export function everyRow(source: Source, options: RawRowOptions = {}): AsyncIterable<RawRow[]> {
  const { location, names } = source;
  if (source.format === 'parquet') return lazyParquetRows(source);
  const bytes = options.bytes ?? openBytes(source.path, source.gzip);
  const text = decodeText(bytes, source.encoding, location);
  if (source.format === 'csv') {
    const cells = source.aligned === true ? alignedPieces(text) : text;
    return csvRows(cells, source.delimiter, names.length, location);
  }
  const onOtherKey = options.onOtherKey === undefined ? {} : { onOtherKey: options.onOtherKey };
  return jsonRows(text, { format: source.format, names, location, ...onOtherKey });
}

/** The same without the rows that have a problem, of which `onProblem` is told. */
export async function* rawRows(
  source: Source,
  onProblem: OnProblem,
  options: RawRowOptions = {},
): AsyncGenerator<RawRow[]> {
  for await (const batch of everyRow(source, options)) {
    const good: RawRow[] = [];
    for (const row of batch) {
      if (row.problem === undefined) good.push(row);
      else await onProblem(row.problem);
    }
    if (good.length > 0) yield good;
  }
}

/** DuckDB is loaded only where there is a Parquet file to read. */
async function* lazyParquetRows(source: Source): AsyncGenerator<RawRow[]> {
  const { parquetRows } = await import('./parquet.js');
  yield* parquetRows(source);
}
