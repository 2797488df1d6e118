import { csvRows } from './csv.js';
import { decodeText, openBytes } from './decode.js';
import { jsonRows } from './json.js';
import type { OnProblem, RawRow, Source } from './source.js';

/** The rows of a source one after another, with memory for a batch of them only. */
export function rawRows(
  source: Source,
  onProblem: OnProblem,
  options: { readonly onOtherKey?: (key: string) => void; readonly bytes?: AsyncIterable<Uint8Array> } = {},
): AsyncIterable<RawRow[]> {
  const { location, names } = source;
  if (source.format === 'parquet') return lazyParquetRows(source);
  const bytes = options.bytes ?? openBytes(source.path, source.gzip);
  const text = decodeText(bytes, source.encoding, location);
  if (source.format === 'csv') return csvRows(text, source.delimiter, names.length, location, onProblem);
  const onOtherKey = options.onOtherKey === undefined ? {} : { onOtherKey: options.onOtherKey };
  return jsonRows(text, { format: source.format, names, location, onProblem, ...onOtherKey });
}

/** DuckDB is loaded only where there is a Parquet file to read. */
async function* lazyParquetRows(source: Source): AsyncGenerator<RawRow[]> {
  const { parquetRows } = await import('./parquet.js');
  yield* parquetRows(source);
}
