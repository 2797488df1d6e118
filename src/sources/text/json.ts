import { type Json, isJsonObject } from '../../core/json.js';
import { arrayPieces, linePieces } from './json-pieces.js';
import type { RawRow } from '../source.js';

/** Rows handed on together. */
const BATCH = 1024;

/** A JSON value as the text of a cell: strings as they are, nested values as JSON; null is missing. */
export function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return JSON.stringify(value);
}

export type JsonRowOptions = {
  readonly format: 'jsonl' | 'json';
  /** The keys that make the cells of a row, in order. */
  readonly names: readonly string[];
  readonly location: string;
  /** Told of keys that are not among the names. */
  readonly onOtherKey?: (key: string) => void;
};

/**
 * The objects of JSON Lines or a JSON array as rows, in batches. What is not an object is a row with a problem. Where the
 * text pauses (an empty piece), an empty batch follows all rows that are complete.
 */
export async function* jsonRows(
  text: AsyncIterable<string>,
  options: JsonRowOptions,
): AsyncGenerator<RawRow[]> {
  const { names, location, onOtherKey } = options;
  const known = new Set(names);
  let batch: RawRow[] = [];
  for await (const pieces of options.format === 'jsonl' ? linePieces(text) : arrayPieces(text)) {
    if (pieces === null) {
      if (batch.length > 0) yield batch;
      batch = [];
      yield [];
      continue;
    }
    for (const piece of pieces) {
      let value: Json = null;
      let reason = 'is not a JSON object';
      try {
        value = JSON.parse(piece.text) as Json;
      } catch (error) {
        reason = `is not JSON: ${(error as Error).message}`;
      }
      const { line } = piece;
      if (isJsonObject(value)) {
        const record = value;
        if (onOtherKey !== undefined) for (const key in record) if (!known.has(key)) onOtherKey(key);
        const cells = names.map((name) => (Object.hasOwn(record, name) ? cellText(record[name]) : null));
        batch.push({ line, cells, record, text: piece.text });
      } else {
        const raw = piece.text.trim();
        batch.push({ line, cells: [], problem: { location, line, column: null, value: null, reason, raw } });
      }
      if (batch.length === BATCH) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}
