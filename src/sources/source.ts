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
  /** Column names in order: the header of a CSV, the keys that the first objects of a JSON file have. */
  readonly names: readonly string[];
  /** Parquet only: columns whose cells the file itself says are text. */
  readonly textual: readonly string[];
  /** The header, if there is one, is on the first line. */
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
