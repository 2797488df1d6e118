import type { Readable } from 'node:stream';
import type { Json } from '../core/json.js';
import type { GivenCell } from '../core/raw-json.js';
import type { DataSchema, Table } from '../core/table.js';

/** What a file is, once it has been looked at. */
export const FORMATS = ['csv', 'jsonl', 'json', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** A file (or a stream) of rows that can be read: where it is, and how it is to be understood. */
export type Source = {
  /** As the user gave it, without credentials: what messages and lineage say. */
  readonly location: string;
  /** The local file. */
  readonly path: string;
  readonly format: Format;
  readonly gzip: boolean;
  readonly encoding: string;
  /** CSV only; "" otherwise. */
  readonly delimiter: string;
  /** CSV whose cells are set apart by any number of blanks; it is read as if they were a tab. */
  readonly aligned?: boolean;
  /** Column names in order: the header of a CSV, the keys that the first objects of a JSON file have. */
  readonly names: readonly string[];
  /** What columns are called that are a second one of a name in a header: x_2 → x. */
  readonly copies: ReadonlyMap<string, string>;
  /** Parquet only: columns whose cells the file itself says are text. */
  readonly textual: readonly string[];
  /** The header, if there is one, is the first line, and only that. */
  readonly headerFirst: boolean;
  /** What was odd about it but could be helped. */
  readonly remarks: readonly {
    readonly code: string;
    readonly column: string | null;
    readonly message: string;
  }[];
};

/** How the user wants sources to be read. */
export type ReadOptions = {
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
};

/** A row as it stands in a text file: `line` is where it begins, counted from 1. Null: no such key, or JSON null. */
export type RawRow = {
  readonly line: number;
  readonly cells: readonly (string | null)[];
  /** The object that the cells were taken from; JSON only. */
  readonly record?: Readonly<Record<string, Json>>;
  /** The text of that object. */
  readonly text?: string;
  /** Why there are no cells: the row cannot be read. */
  readonly problem?: RowProblem;
};

/** Why a row cannot be used. */
export type RowProblem = {
  readonly location: string;
  readonly line: number;
  readonly column: string | null;
  readonly value: string | null;
  readonly reason: string;
  /** The row as it stands in the file. */
  readonly raw: string;
};

/** Told of every row that cannot be used; it throws to stop there. */
export type OnProblem = (problem: RowProblem) => void | Promise<void>;

/** Rows of a table unless asked otherwise. */
export const CHUNK_ROWS = 16_384;

/** How rows are read one after another as tables of a known schema. */
export type OpenOptions = ReadOptions & {
  /** What the columns are. Tables have exactly these columns; others in the data are ignored. */
  readonly schema: DataSchema;
  /** Columns that the data need not have: their cells are missing then. Default: the schema's target. */
  readonly optional?: readonly string[];
  /** Columns of the data, of the schema or not, whose cells are wanted as they are given, too. */
  readonly given?: readonly string[];
  /** What "-" reads. */
  readonly stdin?: Readable | undefined;
  /** Rows of a table at most (default 16,384). */
  readonly chunkRows?: number;
  /** Told of rows that cannot be read, which are left out; without it the first is a BAD_ROW error. */
  readonly onProblem?: OnProblem;
  /** Keep the place of rows that cannot be read: their cells are missing, and `problems` of the table says why. */
  readonly keepBadRows?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Where downloads of http(s) locations are kept. Needed for these only. */
  readonly cache?: string;
};

/** A table with what its cells do not tell. */
export type OpenedTable = Table & {
  /**
   * The cells of `OpenOptions.given` as they stand in the data, by column: the text of a CSV or Parquet cell without
   * blanks around it, the value of a JSON object; null where there is nothing.
   */
  readonly given: ReadonlyMap<string, readonly GivenCell[]>;
  /** Why rows could not be read, by row; only with `keepBadRows`. */
  readonly problems: ReadonlyMap<number, RowProblem>;
};
