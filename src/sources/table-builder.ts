import type { DuckDBDataChunk } from '@duckdb/node-api';
import { type Column, type ColumnSchema, type Table, storageOf } from '../core/table.js';

/**
 * Gathers DuckDB chunks (2,048 rows at most) into tables of `size` rows. A number-stored column arrives as DOUBLE with
 * NaN for missing; a string column as INTEGER codes of its dictionary with -1 for missing, or, where the dictionary is
 * null, as VARCHAR.
 */
export class TableBuilder {
  private readonly columns: readonly ColumnSchema[];
  private readonly size: number;
  private readonly buffers: ColumnBuffer[];
  private rows = 0;
  private readonly done: Table[] = [];

  constructor(
    columns: readonly ColumnSchema[],
    dictionaries: readonly (readonly string[] | null)[],
    size: number,
  ) {
    this.columns = columns;
    this.size = size;
    this.buffers = columns.map((column, i) =>
      storageOf(column.kind) === 'number'
        ? new NumberBuffer(size)
        : new StringBuffer(size, dictionaries[i] ?? null),
    );
  }

  /** Takes the first `rows` rows of the chunk. */
  append(chunk: DuckDBDataChunk, rows: number): void {
    const vectors = this.columns.map((_, i) => chunk.getColumnVector(i) as unknown as Vector);
    let from = 0;
    while (from < rows) {
      const count = Math.min(rows - from, this.size - this.rows);
      for (const [i, buffer] of this.buffers.entries()) {
        const vector = vectors[i];
        if (vector !== undefined) buffer.copy(vector, from, count, this.rows);
      }
      from += count;
      this.rows += count;
      if (this.rows === this.size) this.finish();
    }
  }

  private finish(): void {
    const columns = new Map<string, Column>();
    for (const [i, column] of this.columns.entries()) {
      const buffer = this.buffers[i];
      if (buffer !== undefined) columns.set(column.name, buffer.take(this.rows));
    }
    this.done.push({ rows: this.rows, columns });
    this.rows = 0;
  }

  /** The tables that are full by now. */
  full(): Table[] {
    return this.done.splice(0);
  }

  /** What is left at the end. */
  rest(): Table[] {
    if (this.rows > 0) this.finish();
    return this.full();
  }
}

/** What is used of a DuckDB vector. `items` are its values as they lie in memory, for types of fixed width. */
type Vector = { readonly items?: unknown; getItem(index: number): unknown };

interface ColumnBuffer {
  copy(vector: Vector, from: number, count: number, to: number): void;
  /** The first `rows` cells as a column of their own. */
  take(rows: number): Column;
}

class NumberBuffer implements ColumnBuffer {
  private values: Float64Array;
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
    this.values = new Float64Array(size);
  }

  copy(vector: Vector, from: number, count: number, to: number): void {
    const { items } = vector;
    if (items instanceof Float64Array) {
      this.values.set(items.subarray(from, from + count), to);
      return;
    }
    for (let i = 0; i < count; i++) this.values[to + i] = (vector.getItem(from + i) as number | null) ?? NaN;
  }

  take(rows: number): Column {
    const values = rows === this.size ? this.values : this.values.slice(0, rows);
    this.values = new Float64Array(this.size);
    return { storage: 'number', values };
  }
}

class StringBuffer implements ColumnBuffer {
  private codes: Int32Array;
  private readonly size: number;
  private readonly shared: readonly string[] | null;
  private dictionary: string[] = [];
  private index = new Map<string, number>();

  constructor(size: number, shared: readonly string[] | null) {
    this.size = size;
    this.shared = shared;
    this.codes = new Int32Array(size);
  }

  copy(vector: Vector, from: number, count: number, to: number): void {
    const { items } = vector;
    if (this.shared !== null && items instanceof Int32Array) {
      this.codes.set(items.subarray(from, from + count), to);
      return;
    }
    for (let i = 0; i < count; i++) {
      const item = vector.getItem(from + i);
      if (this.shared !== null) this.codes[to + i] = item as number;
      else this.codes[to + i] = item === null ? -1 : this.codeOf(item as string);
    }
  }

  private codeOf(text: string): number {
    let code = this.index.get(text);
    if (code === undefined) {
      code = this.dictionary.length;
      this.index.set(text, code);
      this.dictionary.push(text);
    }
    return code;
  }

  take(rows: number): Column {
    const codes = rows === this.size ? this.codes : this.codes.slice(0, rows);
    const dictionary = this.shared ?? this.dictionary;
    this.codes = new Int32Array(this.size);
    this.dictionary = [];
    this.index = new Map();
    return { storage: 'string', codes, dictionary };
  }
}
