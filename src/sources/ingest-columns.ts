import { type ColumnSchema, storageOf } from '../core/table.js';
import type { Database } from './duckdb.js';
import {
  decimalHint,
  inferColumn,
  isAmbiguousDate,
  MOST_INTEGER_CLASSES,
  overrideColumn,
  type ColumnStatistics,
  type InferredColumn,
} from './infer.js';
import type { IngestFile, IngestOptions } from './ingest-options.js';
import { sqlText } from './cell.js';
import { positional } from './parquet.js';
import type { Relation } from './relation.js';
import { columnStatistics } from './statistics.js';
import type { DataWarning } from './warnings.js';

/** Kinds are inferred from this many rows first. A later cell that does not fit makes all rows count. */
export const HEAD_ROWS = 20_000;

/** What the columns of an ingestion are, as the options and their cells say. */
export class IngestColumns {
  /** What is odd about the files or the columns. */
  readonly remarks: DataWarning[];
  private readonly database: Database;
  private readonly options: IngestOptions;
  private readonly textual: ReadonlySet<string>;
  /** Columns of which inference saw no value. */
  private valueless: ReadonlySet<string> = new Set();

  constructor(database: Database, files: readonly IngestFile[], options: IngestOptions) {
    this.database = database;
    this.options = options;
    this.textual = new Set(files.flatMap(({ source }) => source.textual));
    this.remarks = files[0]?.source.remarks.slice() ?? [];
  }

  /** Infers the named columns from the first rows, or from all. */
  async infer(relation: Relation, names: readonly string[], limit: number | null): Promise<InferredColumn[]> {
    const { options } = this;
    const raw = names.map((name) => {
      const position = relation.names.indexOf(name);
      return { name, sql: `c${position}`, textual: this.textual.has(name) };
    });
    const dateColumns = new Set(
      [...options.kinds].filter(([, kind]) => kind === 'date').map(([name]) => name),
    );
    const found = await columnStatistics(this.database, relation.sql, raw, {
      limit,
      missing: options.missing,
      decimal: options.decimal,
      dateColumns,
    });
    this.valueless = new Set(found.filter(({ present }) => present === 0).map(({ name }) => name));
    return found.map((statistics) => this.decide(statistics, limit));
  }

  private decide(statistics: ColumnStatistics, limit: number | null): InferredColumn {
    const { kinds, target, missing, decimal } = this.options;
    const kind = kinds.get(statistics.name);
    const { column, misfits } =
      kind === undefined
        ? inferColumn(statistics, statistics.name === target)
        : overrideColumn(statistics, kind);
    if (column.kind === 'date' && isAmbiguousDate(statistics)) {
      this.remark(
        'AMBIGUOUS_DATE',
        column.name,
        `day and month could be either way round; read as ${column.dateFormat}`,
      );
    }
    if (column.kind === 'category' && statistics.numbers >= 0.5 * statistics.present && misfits === 0) {
      const others = statistics.present - statistics.numbers;
      if (
        others > 0 &&
        statistics.distinct - statistics.distinctNumbers <= 3 &&
        statistics.distinctNumbers > 10
      ) {
        const message = `is not numeric because ${others} of its cells are not numbers; name them with --missing if that is what they mean`;
        this.remark('MIXED_NUMBERS', column.name, message);
      }
    }
    if (decimal === undefined && kind === undefined && storageOf(column.kind) === 'string') {
      const hint = decimalHint(statistics);
      if (hint !== undefined) this.remark('DECIMAL_COMMA', column.name, hint);
    }
    // Of the rows that follow only this much is sure: that they fit.
    const looked = limit !== null && statistics.rows >= limit && kind === undefined;
    const own = {
      ...column,
      ...(looked ? { reason: `${column.reason}, in the first ${limit.toLocaleString('en-US')} rows` } : {}),
      ...(missing.length > 0 ? { missing } : {}),
      ...(decimal === undefined ? {} : { decimal }),
    };
    return { column: own, misfits };
  }

  private remark(code: string, column: string, message: string): void {
    if (this.remarks.some((each) => each.code === code && each.column === column)) return;
    this.remarks.push({ code, column, message });
  }

  /**
   * Columns whose kind the first rows did not show although every cell fits it: a numeric target that seemed to be
   * classes (a file sorted by its target shows few of its values at first), and columns that had no value yet.
   */
  async unfounded(path: string, columns: readonly ColumnSchema[]): Promise<string[]> {
    const from = `read_parquet(${sqlText(path)}) AS t(${positional(columns.length)})`;
    const found: string[] = [];
    for (const [i, { name, kind, dataType }] of columns.entries()) {
      if (this.valueless.has(name) && !this.options.kinds.has(name)) {
        const [row] = await this.database.rows(`SELECT count(c${i}) FROM ${from}`);
        if (Number(row?.[0]) > 0) found.push(name);
      } else if (name === this.options.target && kind === 'category' && dataType === 'integer') {
        const odd = `count(*) FILTER (TRY_CAST(c${i} AS BIGINT) IS NULL AND c${i} IS NOT NULL)`;
        const [row] = await this.database.rows(`SELECT count(*), count(DISTINCT c${i}), ${odd} FROM ${from}`);
        const [rows, classes, others] = (row ?? []).map(Number) as [number, number, number];
        if (rows > HEAD_ROWS && (classes > MOST_INTEGER_CLASSES || others > 0)) found.push(name);
      }
    }
    return found;
  }
}
