import { type GivenCell, RawJson } from '../core/raw-json.js';
import { type Column, type ColumnSchema, type DataSchema, storageOf, stringColumn } from '../core/table.js';
import { type NumberCell, numberCell, plainColumn, stringCell, type StringCell, trimCell } from './cell.js';
import { memberText } from './text/json-members.js';
import { throwOnProblem } from './problems.js';
import { misfit } from './spool.js';
import {
  CHUNK_ROWS,
  type OnProblem,
  type OpenedTable,
  type OpenOptions,
  type RawRow,
  type RowProblem,
  type Source,
} from './source.js';

/** Where a column of the tables comes from, and goes. */
type Slot<P> = {
  readonly index: number;
  readonly at: number;
  readonly parse: P;
  /** For numbers that are no text, as those of JSON. */
  readonly parsePlain: P;
};

/** Gathers raw rows into tables typed by a schema. */
export class TypedRows {
  private readonly source: Source;
  private readonly schema: DataSchema;
  private readonly onProblem: OnProblem;
  private readonly keepBadRows: boolean;
  private readonly size: number;
  private readonly numbers: Slot<NumberCell>[] = [];
  private readonly strings: Slot<StringCell>[] = [];
  private readonly given: { readonly name: string; readonly index: number }[];
  private numberValues: Float64Array[] = [];
  private stringValues: (string | null)[][] = [];
  private givenValues: GivenCell[][] = [];
  private problems = new Map<number, RowProblem>();
  private rows = 0;
  private readonly done: OpenedTable[] = [];

  /** @param source has the names of the cells of the rows. */
  constructor(source: Source, options: OpenOptions) {
    this.source = source;
    this.schema = options.schema;
    this.onProblem = options.onProblem ?? throwOnProblem;
    this.keepBadRows = options.keepBadRows ?? false;
    this.size = options.chunkRows ?? CHUNK_ROWS;
    for (const [at, column] of this.schema.columns.entries()) {
      const index = source.names.indexOf(column.name);
      const plain = plainColumn(column);
      const own = source.format === 'parquet' && !source.textual.includes(column.name) ? plain : column;
      if (storageOf(column.kind) === 'number') {
        this.numbers.push({ index, at, parse: numberCell(own), parsePlain: numberCell(plain) });
      } else this.strings.push({ index, at, parse: stringCell(own), parsePlain: stringCell(plain) });
    }
    this.given = (options.given ?? []).map((name) => ({ name, index: source.names.indexOf(name) }));
    this.clear();
  }

  private clear(): void {
    this.rows = 0;
    this.numberValues = this.numbers.map(() => new Float64Array(this.size));
    this.stringValues = this.strings.map(() => []);
    this.givenValues = this.given.map(() => []);
    this.problems = new Map();
  }

  /** Takes a row. One with a problem, or with a cell that does not fit its column, is kept without cells or reported. */
  async add(row: RawRow): Promise<void> {
    const problem = row.problem ?? this.take(row);
    if (problem !== undefined) {
      if (!this.keepBadRows) return this.onProblem(problem);
      this.problems.set(this.rows, problem);
      for (const values of this.numberValues) values[this.rows] = NaN;
      for (const values of this.stringValues) values[this.rows] = null;
    }
    for (const [i, { name, index }] of this.given.entries()) {
      (this.givenValues[i] as GivenCell[])[this.rows] = givenCell(row, name, index, this.source);
    }
    this.rows++;
    if (this.rows === this.size) this.finish();
  }

  /** Writes the cells of a row into the next place; gives what is wrong with one of them. */
  private take(row: RawRow): RowProblem | undefined {
    for (const [i, slot] of this.numbers.entries()) {
      const { index, at } = slot;
      const text = row.cells[index] ?? null;
      const value = this.parserOf(slot, row)(text);
      if (value === undefined) return this.misfit(row, this.schema.columns[at] as ColumnSchema, text);
      (this.numberValues[i] as Float64Array)[this.rows] = value;
    }
    for (const [i, slot] of this.strings.entries()) {
      const parse = this.parserOf(slot, row);
      (this.stringValues[i] as (string | null)[])[this.rows] = parse(row.cells[slot.index] ?? null);
    }
    return undefined;
  }

  private parserOf<P>({ at, parse, parsePlain }: Slot<P>, { record }: RawRow): P {
    const { name, decimal } = this.schema.columns[at] as ColumnSchema;
    return decimal !== undefined && typeof record?.[name] === 'number' ? parsePlain : parse;
  }

  private misfit({ line, cells }: RawRow, column: ColumnSchema, value: string | null): RowProblem {
    const { location, delimiter } = this.source;
    const raw = cells.join(delimiter || ',');
    return { location, line, column: column.name, value, reason: misfit(column, value), raw };
  }

  private finish(): void {
    const { rows, problems } = this;
    const found: Column[] = [];
    for (const [i, { at }] of this.numbers.entries()) {
      found[at] = { storage: 'number', values: (this.numberValues[i] as Float64Array).slice(0, rows) };
    }
    for (const [i, { at }] of this.strings.entries()) {
      found[at] = stringColumn((this.stringValues[i] as (string | null)[]).slice(0, rows));
    }
    const columns = new Map(this.schema.columns.map((column, at) => [column.name, found[at] as Column]));
    const given = new Map(this.given.map(({ name }, i) => [name, this.givenValues[i] as GivenCell[]]));
    this.done.push({ rows, columns, given, problems });
    this.clear();
  }

  /** The tables that are full by now. */
  full(): OpenedTable[] {
    return this.done.splice(0);
  }

  /** What is left at the end. */
  rest(): OpenedTable[] {
    if (this.rows > 0) this.finish();
    return this.full();
  }
}

/** A cell as it was given: the value of a JSON object, or text; nothing where the text is empty. */
function givenCell({ record, text, cells }: RawRow, name: string, index: number, source: Source): GivenCell {
  if (record === undefined) return givenValue(givenText(cells[index] ?? null), name, source);
  const value = Object.hasOwn(record, name) ? (record[name] ?? null) : null;
  // What can be more in the text than in the value: digits.
  if (text === undefined || (typeof value !== 'number' && typeof value !== 'object') || value === null)
    return value;
  const given = memberText(text, name);
  return given === undefined || given === JSON.stringify(value) ? value : new RawJson(given);
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The text of a cell of a Parquet file as the number or truth value that the file has; any other text as it is. */
export function givenValue(text: string | null, name: string, { format, textual }: Source): GivenCell {
  if (text === null || format !== 'parquet' || textual.includes(name)) return text;
  if (text === 'true' || text === 'false') return text === 'true';
  return JSON_NUMBER.test(text) ? new RawJson(text) : text;
}

/** The text of a cell as it was given; null where there is none. */
export function givenText(cell: string | null): string | null {
  const text = trimCell(cell ?? '');
  return text === '' ? null : text;
}
