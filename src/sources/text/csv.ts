import { RecordReader } from './record-reader.js';
import type { RawRow } from '../source.js';

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is never closed',
  CSV_MAX_RECORD_SIZE: 'begins a row longer than 64 MB: a quote is probably never closed',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'has text after a closing quote',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote',
};

function structuralProblem(cells: readonly string[], raw: Buffer, width: number): string | undefined {
  if (raw.includes(0)) return 'has a NUL character';
  if (cells.length !== width)
    return `has ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, the header ${width}`;
  return undefined;
}

/**
 * The rows of a CSV after its header, in batches. A row with more or fewer cells than the header has names (`width`), with
 * a NUL character or with misplaced quotes is a row with a problem; reading goes on with the next line. Where the text
 * pauses (an empty piece), an empty batch follows all rows that are complete.
 */
export async function* csvRows(
  text: AsyncIterable<string>,
  delimiter: string,
  width: number,
  location: string,
): AsyncGenerator<RawRow[]> {
  const reader = new RecordReader(delimiter);
  const bad = (line: number, reason: string, bytes: Buffer): RawRow => {
    const raw = bytes.toString('utf8').replace(/[\r\n]+$/, '');
    return { line, cells: [], problem: { location, line, column: null, value: null, reason, raw } };
  };
  let header = true;
  const taken = (): RawRow[] => {
    const batch: RawRow[] = [];
    for (const { cells, line, raw } of reader.take()) {
      if (header) {
        header = false;
        continue;
      }
      const reason = structuralProblem(cells, raw, width);
      batch.push(reason === undefined ? { line, cells } : bad(line, reason, raw));
    }
    return batch;
  };
  async function* batchesOf(bytes: Buffer | null): AsyncGenerator<RawRow[]> {
    let next = bytes;
    for (;;) {
      const error = await reader.feed(next);
      const batch = taken();
      if (batch.length > 0) yield batch;
      if (error === undefined) return;
      const dropped = reader.dropLine();
      yield [bad(dropped.line, REASONS[error.code] ?? `cannot be read (${error.message})`, dropped.raw)];
      if (bytes === null) {
        // The end had been reached: the rest is fed to the new parser, and ended again.
        yield* batchesOf(dropped.rest);
        next = null;
      } else {
        next = dropped.rest;
      }
    }
  }
  for await (const piece of text) {
    if (piece !== '') {
      yield* batchesOf(Buffer.from(piece, 'utf8'));
      continue;
    }
    reader.settle();
    const batch = taken();
    if (batch.length > 0) yield batch;
    yield [];
  }
  yield* batchesOf(null);
}
