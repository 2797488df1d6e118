import { join } from 'node:path';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { Reporter } from '../core/reporter.js';
import { Random } from '../core/random.js';
import {
  type ColumnKind,
  type ColumnSchema,
  type DataSchema,
  type Decimal,
  storageOf,
} from '../core/table.js';
import { type Database, withDatabase } from './duckdb.js';
import {
  decimalHint,
  inferColumn,
  isAmbiguousDate,
  MOST_INTEGER_CLASSES,
  overrideColumn,
  type ColumnStatistics,
  type InferredColumn,
} from './infer.js';
import { sqlText } from './cell.js';
import { firstLine, positional } from './parquet.js';
import { throwOnProblem } from './problems.js';
import { makeProfile, openProfile, type Profile } from './profile.js';
import { Rejects } from './rejects.js';
import {
  checkSameColumns,
  directRelation,
  isDirect,
  spooledRelation,
  union,
  type Relation,
} from './relation.js';
import { sampleRows } from './sample.js';
import { dropInfinite, GUARD, writeSnapshot } from './snapshot.js';
import type { OnProblem, Source } from './source.js';
import { spool } from './spool.js';
import { columnStatistics } from './statistics.js';
import { findWarnings, type DataWarning } from './warnings.js';

export type IngestOptions = {
  readonly target: string | null;
  /** The columns to keep, in order, of those there are. Throws for a name that is not among them. */
  readonly choose: (names: readonly string[], location: string) => readonly string[];
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  /** Cells that mean "missing" besides the usual ones, in every column. */
  readonly missing: readonly string[];
  /** How numbers are written in CSV; the usual way without it. */
  readonly decimal: Decimal | undefined;
  /** Keep this many rows (from 1 on) or this share of them (below 1), drawn with the seed. */
  readonly sample: number | null;
  readonly seed: number;
  readonly skipBadRows: boolean;
};

export type IngestPlace = {
  /** Gets data.parquet and, with bad rows skipped, rejects.csv. */
  readonly dir: string;
  /** For what is only needed meanwhile. The caller removes it. */
  readonly scratch: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A file with what is known of its bytes. `plain`: UTF-8 text without NULs and without carriage returns of their own. */
export type IngestFile = { readonly source: Source; readonly plain: boolean };

export type Ingested = {
  readonly schema: DataSchema;
  readonly rows: number;
  readonly rejectedRows: number;
  readonly warnings: readonly DataWarning[];
  readonly profile: Profile;
};

/** Kinds are inferred from this many rows first. A later cell that does not fit makes all rows count. */
const HEAD_ROWS = 20_000;

/**
 * Files → data.parquet: infers what the columns are, checks every cell, writes the snapshot, describes it.
 *
 * DuckDB reads the files as they are where it surely reads them as csv-parse would. Where it refuses one, or a cell does
 * not fit its column, the files are read again row by row: that finds the line to name in the error, or the rows to skip.
 * @throws AimaasError BAD_ROW, SOURCE_FORMAT, TOO_FEW_ROWS …
 */
export async function ingest(
  files: readonly IngestFile[],
  options: IngestOptions,
  place: IngestPlace,
): Promise<Ingested> {
  const rejects = new Rejects(join(place.dir, 'rejects.csv'));
  try {
    return await withDatabase(join(place.scratch, 'duckdb'), place.signal, (database) =>
      new Ingestion(database, files, options, place, rejects).run(),
    );
  } catch (error) {
    throw databaseError(error);
  } finally {
    await rejects.close();
  }
}

class Ingestion {
  private readonly database: Database;
  private readonly files: readonly IngestFile[];
  private readonly options: IngestOptions;
  private readonly place: IngestPlace;
  private readonly rejects: Rejects;
  private readonly onProblem: OnProblem;
  /** Files that have been rewritten, by position. */
  private readonly spooled = new Map<number, Relation>();
  private readonly remarks: DataWarning[];
  private names: readonly string[] = [];
  /** Columns of which inference saw no value. */
  private valueless: ReadonlySet<string> = new Set();

  constructor(
    database: Database,
    files: readonly IngestFile[],
    options: IngestOptions,
    place: IngestPlace,
    rejects: Rejects,
  ) {
    this.database = database;
    this.files = files;
    this.options = options;
    this.place = place;
    this.rejects = rejects;
    this.onProblem = options.skipBadRows ? (problem) => rejects.add(problem) : throwOnProblem;
    this.remarks = files[0]?.source.remarks.slice() ?? [];
  }

  async run(): Promise<Ingested> {
    const [first] = this.files;
    if (first === undefined) throw new AimaasError('INTERNAL', 'Nothing to ingest.');
    const other = this.files.find(({ source }) => source.format !== 'csv');
    if (this.options.decimal !== undefined && other !== undefined) {
      const { location, format } = other.source;
      throw new AimaasError('USAGE', `--decimal says how CSV writes numbers, but ${location} is ${format}.`, {
        hint: 'Leave --decimal out, or collect the CSV files alone.',
      });
    }
    const text = this.files.filter(({ source }) => source.format !== 'json' && source.format !== 'jsonl');
    for (const { source } of text) {
      checkSameColumns(first.source.location, first.source.names, source.location, source.names);
      this.options.choose(source.names, source.location);
    }
    for (const [i, file] of this.files.entries()) {
      if (!isDirect(file.source, file.plain)) await this.rewrite(i);
    }
    // All keys of a JSON file are known only now.
    this.names = this.options.choose(this.relation().names, first.source.location);
    await this.database.expect(this.names.length);
    const path = join(this.place.dir, 'data.parquet');
    let columns = await this.writeChecked(path);
    // DuckDB may see no rows where csv-parse sees some.
    if ((await this.isEmpty(path)) && (await this.rewriteRefused('no rows'))) {
      columns = await this.writeChecked(path);
    }
    const schema: DataSchema = { columns, target: this.options.target };
    const progress = this.place.reporter.progress({ title: 'Describing the data' });
    const infinite = await dropInfinite(this.database, path, columns);
    const source = await openProfile(this.database, path, columns.length);
    if (source.rows === 0) throw this.noRows();
    const profile = await makeProfile(this.database, source, schema, infinite);
    const warnings = [...this.remarks, ...(await findWarnings(this.database, source, profile, schema))];
    progress.done();
    return { schema, rows: source.rows, rejectedRows: this.rejects.count, warnings, profile };
  }

  private async isEmpty(path: string): Promise<boolean> {
    const [row] = await this.database.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)})`);
    return row?.[0] === 0;
  }

  private noRows(): AimaasError {
    const { first, count } = this.rejects;
    const where = this.files.map(({ source }) => source.location).join(', ');
    if (first === undefined) {
      return new AimaasError('TOO_FEW_ROWS', `${where} has a header but no rows.`, {
        hint: 'A data set needs at least one row below the header.',
      });
    }
    const message = `All ${count} rows of ${where} are bad; the first, on line ${first.line}, ${first.reason}.`;
    return new AimaasError('TOO_FEW_ROWS', message, {
      hint: 'Run it without --on-bad-row skip to see the first in full.',
    });
  }

  /** Rewrites file `i` so that DuckDB reads it for sure, leaving out (or failing on) its bad rows. */
  private async rewrite(i: number, check: readonly ColumnSchema[] = []): Promise<void> {
    const file = this.files[i];
    if (file === undefined) return;
    const { source } = file;
    const progress = this.place.reporter.progress({ title: `Reading ${source.location} row by row` });
    try {
      const path = join(this.place.scratch, `rows-${i}${check.length > 0 ? '-checked' : ''}.csv`);
      const { signal } = this.place;
      this.spooled.set(
        i,
        spooledRelation(await spool(source, path, { onProblem: this.onProblem, check, signal })),
      );
      progress.done();
    } catch (error) {
      progress.fail();
      throw error;
    }
  }

  private relation(): Relation {
    return union(
      this.files.map(({ source }, i) => ({
        location: source.location,
        relation: this.spooled.get(i) ?? directRelation(source),
      })),
    );
  }

  /** Infers the named columns from the first rows, or from all. */
  private async infer(
    relation: Relation,
    names: readonly string[],
    limit: number | null,
  ): Promise<InferredColumn[]> {
    const { options } = this;
    const textual = new Set(this.files.flatMap(({ source }) => source.textual));
    const raw = names.map((name) => {
      const position = relation.names.indexOf(name);
      return { name, sql: `c${position}`, textual: textual.has(name) };
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
   * Infers columns from the first rows and writes all; where that does not hold, infers again from all rows; where cells
   * still do not fit, reads row by row, which names or skips them.
   */
  private async writeChecked(path: string): Promise<readonly ColumnSchema[]> {
    let columns: readonly ColumnSchema[] = [];
    let doubtful: readonly string[] = this.names;
    let limit: number | null = HEAD_ROWS;
    let checked = false;
    for (let attempt = 0; attempt < 8; attempt++) {
      throwIfAborted(this.place.signal);
      const progress = this.place.reporter.progress({ title: 'Reading the data' });
      try {
        const relation = this.relation();
        if (doubtful.length > 0) {
          const inferred = await this.infer(relation, doubtful, limit);
          columns = merge(this.names, columns, inferred);
          doubtful = [];
          if (inferred.some(({ misfits }) => misfits > 0)) {
            progress.done();
            checked = true;
            await this.rewriteAll(columns);
            continue;
          }
        }
        await this.write(path, relation, columns);
        progress.done();
        if (limit === null || checked) return columns;
        doubtful = await this.unfounded(path, columns);
        if (doubtful.length === 0) return columns;
        limit = null;
      } catch (error) {
        progress.fail();
        if (error instanceof AimaasError) throw error;
        throwIfAborted(this.place.signal);
        if (!firstLine(error).includes(GUARD)) {
          if (!(await this.rewriteRefused(error))) throw error;
          // What was inferred from a file that could not be read to its end may be wrong.
          if (!checked) doubtful = this.names;
        } else if (limit !== null && !checked) {
          limit = null;
          doubtful = this.names;
        } else if (!checked) {
          checked = true;
          await this.rewriteAll(columns);
        } else {
          throw error;
        }
      }
    }
    throw new AimaasError('INTERNAL', 'The columns of the data could not be settled.');
  }

  /**
   * Columns whose kind the first rows did not show although every cell fits it: a numeric target that seemed to be
   * classes (a file sorted by its target shows few of its values at first), and columns that had no value yet.
   */
  private async unfounded(path: string, columns: readonly ColumnSchema[]): Promise<string[]> {
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

  private async rewriteAll(check: readonly ColumnSchema[]): Promise<void> {
    await this.rejects.restart();
    for (const i of this.files.keys()) await this.rewrite(i, check);
  }

  /** After an error of DuckDB, or a doubtful result: rewrites the CSV files that it read itself. False if there are none. */
  private async rewriteRefused(error: unknown): Promise<boolean> {
    const own = [...this.files.keys()].filter(
      (i) => !this.spooled.has(i) && this.files[i]?.source.format === 'csv',
    );
    if (own.length > 0) this.place.reporter.debug(`DuckDB: ${firstLine(error)}`);
    for (const i of own) await this.rewrite(i);
    return own.length > 0;
  }

  private async write(path: string, relation: Relation, columns: readonly ColumnSchema[]): Promise<void> {
    const cells = columns.map((column) => `c${relation.names.indexOf(column.name)}`);
    const { sample, seed } = this.options;
    const from =
      sample === null
        ? relation.sql
        : await sampleRows(this.database, relation.sql, sample, Random.of(seed, 'sample'));
    await writeSnapshot(this.database, path, from, columns, cells);
  }
}

/** The columns in the order of `names`, what was inferred anew in place of what was known. */
function merge(
  names: readonly string[],
  known: readonly ColumnSchema[],
  inferred: readonly InferredColumn[],
): ColumnSchema[] {
  const byName = new Map(
    [...known, ...inferred.map(({ column }) => column)].map((column) => [column.name, column]),
  );
  return names.flatMap((name) => byName.get(name) ?? []);
}

/** What DuckDB says of the machine, as errors for the user. */
function databaseError(error: unknown): unknown {
  if (error instanceof AimaasError) return error;
  const message = firstLine(error);
  if (/out of memory/i.test(message)) {
    return new AimaasError('STORAGE', `There is not enough memory to read the data: ${message}`, {
      hint: 'Free memory or disk space, or collect a part with --only COLUMN or --sample 100000.',
      cause: error,
    });
  }
  if (/no space left|disk|file too large|could not write/i.test(message)) {
    return new AimaasError('STORAGE', `The data cannot be written: ${message}`, {
      hint: 'Free space and run it again.',
      cause: error,
    });
  }
  return error;
}
