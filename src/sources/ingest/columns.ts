import { type ColumnSchema, storageOf } from '../../core/table.js';
import type { Database } from '../duckdb.js';
import {
  decimalHint,
  inferColumn,
  isAmbiguousDate,
  overrideColumn,
  type ColumnStatistics,
  type InferredColumn,
} from '../infer.js';
import type { IngestFile, IngestOptions } from './options.js';
import { type Settled, settleColumns } from './settle.js';
import type { Relation } from '../relation.js';
import { columnStatistics } from './statistics.js';
import type { DataWarning } from '../profile/warnings.js';

/** Kinds are inferred from this many rows first. A later cell that does not fit makes all rows count. */
export const HEAD_ROWS = 20_000;

/** What the columns of an ingestion are, as the options and their cells say. */
export class IngestColumns {
  private readonly database: Database;
  private readonly options: IngestOptions;
  private readonly textual: ReadonlySet<string>;
  /** Columns of which inference saw no value. */
  private valueless: ReadonlySet<string> = new Set();
  /** The target, where it is numbers that were taken for classes. */
  private numericClasses: string | undefined;
  /** There are rows that inference has not looked at. */
  isProvisional = false;
  private readonly fileRemarks: readonly DataWarning[];
  private readonly columnRemarks = new Map<string, DataWarning[]>();

  constructor(database: Database, files: readonly IngestFile[], options: IngestOptions) {
    this.database = database;
    this.options = options;
    this.textual = new Set(files.flatMap(({ source }) => source.textual));
    this.fileRemarks = files[0]?.source.remarks ?? [];
  }

  /** What is odd about the files or the columns. */
  get remarks(): readonly DataWarning[] {
    return [...this.fileRemarks, ...[...this.columnRemarks.values()].flat()];
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
    this.isProvisional = limit !== null && found.some(({ rows }) => rows >= limit);
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
    this.columnRemarks.set(column.name, []);
    if (column.name === target) {
      const numeric = column.kind === 'category' && statistics.numbers === statistics.present;
      this.numericClasses = numeric && statistics.present > 0 ? column.name : undefined;
    }
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
    this.columnRemarks.get(column)?.push({ code, column, message });
  }

  /** What all rows say of the columns of a snapshot that the first rows showed. */
  settle(path: string, columns: readonly ColumnSchema[]): Promise<Settled> {
    return settleColumns(this.database, path, columns, {
      chosen: this.options.kinds,
      valueless: this.valueless,
      numericClasses: this.numericClasses,
    });
  }
}
