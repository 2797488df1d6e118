import { join } from 'node:path';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import type { Reporter } from '../core/reporter.js';
import { Random } from '../core/random.js';
import type { ColumnKind, ColumnSchema, DataSchema } from '../core/table.js';
import { type Database, withDatabase } from './duckdb.js';
import {
  inferColumn,
  isAmbiguousDate,
  MOST_INTEGER_CLASSES,
  overrideColumn,
  type ColumnStatistics,
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
import { GUARD, writeSnapshot } from './snapshot.js';
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
    const path = join(this.place.dir, 'data.parquet');
    const columns = await this.writeChecked(path);
    const schema: DataSchema = { columns, target: this.options.target };
    const progress = this.place.reporter.progress({ title: 'Describing the data' });
    const source = await openProfile(this.database, path, columns.length);
    if (source.rows === 0) throw this.noRows();
    const profile = await makeProfile(this.database, source, schema);
    const warnings = [...this.remarks, ...(await findWarnings(this.database, source, profile, schema))];
    progress.done();
    return { schema, rows: source.rows, rejectedRows: this.rejects.count, warnings, profile };
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

  private async infer(
    relation: Relation,
    limit: number | null,
  ): Promise<{ column: ColumnSchema; misfits: number }[]> {
    const { options } = this;
    const textual = new Set(this.files.flatMap(({ source }) => source.textual));
    const raw = this.names.map((name) => {
      const position = relation.names.indexOf(name);
      return { name, sql: `c${position}`, textual: textual.has(name) };
    });
    const dateColumns = new Set(
      [...options.kinds].filter(([, kind]) => kind === 'date').map(([name]) => name),
    );
    const found = await columnStatistics(this.database, relation.sql, raw, {
      limit,
      missing: options.missing,
      dateColumns,
    });
    return found.map((statistics) => this.decide(statistics));
  }

  private decide(statistics: ColumnStatistics): { column: ColumnSchema; misfits: number } {
    const { kinds, target, missing } = this.options;
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
    return { column: missing.length > 0 ? { ...column, missing } : column, misfits };
  }

  private remark(code: string, column: string, message: string): void {
    if (this.remarks.some((each) => each.code === code && each.column === column)) return;
    this.remarks.push({ code, column, message });
  }

  /** Infers and writes until everything that was written fits what was inferred. */
  private async writeChecked(path: string): Promise<readonly ColumnSchema[]> {
    let limit: number | null = HEAD_ROWS;
    let fixed: readonly ColumnSchema[] | undefined;
    for (let attempt = 0; attempt < 6; attempt++) {
      throwIfAborted(this.place.signal);
      const progress = this.place.reporter.progress({ title: 'Reading the data' });
      let columns = fixed;
      try {
        const relation = this.relation();
        if (columns === undefined) {
          const inferred = await this.infer(relation, limit);
          columns = inferred.map(({ column }) => column);
          if (inferred.some(({ misfits }) => misfits > 0)) {
            fixed = columns;
            progress.done();
            await this.rewriteAll(fixed);
            continue;
          }
        }
        await this.write(path, relation, columns);
        progress.done();
        if (limit === null || fixed !== undefined || (await this.targetHolds(path, columns))) return columns;
        limit = null;
      } catch (error) {
        progress.fail();
        if (error instanceof AimaasError) throw error;
        throwIfAborted(this.place.signal);
        if (!firstLine(error).includes(GUARD)) {
          if (!(await this.rewriteRefused(error))) throw error;
        } else if (limit !== null) {
          limit = null;
        } else if (fixed === undefined && columns !== undefined) {
          fixed = columns;
          await this.rewriteAll(fixed);
        } else {
          throw error;
        }
      }
    }
    throw new AimaasError('INTERNAL', 'The columns of the data could not be settled.');
  }

  /**
   * Whether a numeric target that the first rows showed to be classes is so in all rows: a file sorted by its target
   * shows few of its values at first.
   */
  private async targetHolds(path: string, columns: readonly ColumnSchema[]): Promise<boolean> {
    const index = columns.findIndex(({ name }) => name === this.options.target);
    const target = columns[index];
    if (target?.kind !== 'category' || target.dataType !== 'integer') return true;
    const from = `read_parquet(${sqlText(path)}) AS t(${positional(columns.length)})`;
    const [counted] = await this.database.rows(`SELECT count(*) FROM ${from}`);
    const rows = Number(counted?.[0]);
    if (rows <= HEAD_ROWS) return true;
    const [row] = await this.database.rows(
      `SELECT count(DISTINCT c${index}), count(*) FILTER (TRY_CAST(c${index} AS BIGINT) IS NULL AND c${index} IS NOT NULL) FROM ${from}`,
    );
    return Number(row?.[0]) <= MOST_INTEGER_CLASSES && Number(row?.[1]) === 0;
  }

  private async rewriteAll(check: readonly ColumnSchema[]): Promise<void> {
    await this.rejects.restart();
    for (const i of this.files.keys()) await this.rewrite(i, check);
  }

  /** After an error of DuckDB: rewrites the CSV files that it read itself. False if there are none. */
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
  if (/no space left|disk/i.test(message)) {
    return new AimaasError('STORAGE', `The disk is full: ${message}`, {
      hint: 'Free space and run it again.',
      cause: error,
    });
  }
  return error;
}
