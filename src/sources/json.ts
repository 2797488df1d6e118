import { type Json, isJsonObject } from '../core/json.js';
import type { RawRow } from './source.js';

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

type Piece = { readonly line: number; readonly text: string };

/** The non-empty lines of a JSON Lines text. */
async function* linePieces(text: AsyncIterable<string>): AsyncGenerator<Piece[]> {
  let rest = '';
  let line = 1;
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    const pieces: Piece[] = [];
    for (const each of lines) {
      if (each.trim() !== '') pieces.push({ line, text: each });
      line++;
    }
    if (pieces.length > 0) yield pieces;
  }
  if (rest.trim() !== '') yield [{ line, text: rest }];
}

/** The elements of a JSON array of objects, each cut out by counting braces outside strings. */
async function* arrayPieces(text: AsyncIterable<string>): AsyncGenerator<Piece[]> {
  let line = 1;
  let depth = 0;
  let quoted = false;
  let escaped = false;
  let opened = false;
  let closed = false;
  let held = '';
  let startLine = 1;
  for await (const piece of text) {
    const pieces: Piece[] = [];
    let start = held === '' ? -1 : 0;
    for (let i = 0; i < piece.length; i++) {
      const c = piece.charCodeAt(i);
      if (c === 10) line++;
      if (quoted) {
        if (escaped) escaped = false;
        else if (c === 92) escaped = true;
        else if (c === 34) quoted = false;
        continue;
      }
      const isBlank = c === 32 || c === 10 || c === 13 || c === 9;
      if (depth === 0) {
        if (c === 93) closed = true;
        if (!opened && c === 91) opened = true;
        else if (start >= 0 && (c === 44 || c === 93)) {
          pieces.push({ line: startLine, text: held + piece.slice(start, i) });
          held = '';
          start = -1;
        } else if (start < 0 && !isBlank && c !== 44 && c !== 93) {
          start = i;
          startLine = line;
        }
      }
      if (opened && start >= 0) {
        if (c === 34) quoted = true;
        else if (c === 123 || c === 91) depth++;
        else if (c === 125 || c === 93) depth = Math.max(0, depth - 1);
      }
    }
    if (start >= 0) held += piece.slice(start);
    if (pieces.length > 0) yield pieces;
  }
  if (held.trim() !== '') yield [{ line: startLine, text: held }];
  if (!closed) yield [{ line, text: '' }];
}

export type JsonRowOptions = {
  readonly format: 'jsonl' | 'json';
  /** The keys that make the cells of a row, in order. */
  readonly names: readonly string[];
  readonly location: string;
  /** Told of keys that are not among the names. */
  readonly onOtherKey?: (key: string) => void;
};

/** The objects of JSON Lines or a JSON array as rows, in batches. What is not an object is a row with a problem. */
export async function* jsonRows(
  text: AsyncIterable<string>,
  options: JsonRowOptions,
): AsyncGenerator<RawRow[]> {
  const { names, location, onOtherKey } = options;
  const known = new Set(names);
  let batch: RawRow[] = [];
  for await (const pieces of options.format === 'jsonl' ? linePieces(text) : arrayPieces(text)) {
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
