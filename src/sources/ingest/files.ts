import { join } from 'node:path';
import type { ColumnSchema } from '../../core/table.js';
import type { IngestFile, IngestPlace } from './options.js';
import { firstLine } from '../parquet.js';
import { throwOnProblem } from '../problems.js';
import type { Rejects } from '../rejects.js';
import { directRelation, isDirect, spooledRelation, union, type Relation } from '../relation.js';
import type { OnProblem } from '../source.js';
import { spool } from '../spool.js';

/** The files of an ingestion as rows for DuckDB: as they are, or rewritten row by row where it might read them wrongly. */
export class IngestFiles {
  readonly files: readonly IngestFile[];
  private readonly place: IngestPlace;
  private readonly rejects: Rejects;
  private readonly onProblem: OnProblem;
  /** Files that have been rewritten, by position. */
  private readonly spooled = new Map<number, Relation>();

  constructor(files: readonly IngestFile[], skipBadRows: boolean, place: IngestPlace, rejects: Rejects) {
    this.files = files;
    this.place = place;
    this.rejects = rejects;
    this.onProblem = skipBadRows ? (problem) => rejects.add(problem) : throwOnProblem;
  }

  /** Rewrites the files that DuckDB and csv-parse may understand differently. */
  async rewriteDoubtful(): Promise<void> {
    for (const [i, file] of this.files.entries()) {
      if (!isDirect(file.source, file.plain)) await this.rewrite(i);
    }
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

  /** The rows of all files. */
  relation(): Relation {
    return union(
      this.files.map(({ source, plainNumbers }, i) => ({
        location: source.location,
        relation: this.spooled.get(i) ?? directRelation(source, plainNumbers),
      })),
    );
  }

  /** Rewrites every file, leaving out (or failing on) rows whose cells do not fit the columns. */
  async rewriteAll(check: readonly ColumnSchema[]): Promise<void> {
    await this.rejects.restart();
    for (const i of this.files.keys()) await this.rewrite(i, check);
  }

  /** After an error of DuckDB, or a doubtful result: rewrites the CSV files that it read itself. False if there are none. */
  async rewriteRefused(error: unknown): Promise<boolean> {
    const own = [...this.files.keys()].filter(
      (i) => !this.spooled.has(i) && this.files[i]?.source.format === 'csv',
    );
    if (own.length > 0) this.place.reporter.debug(`DuckDB: ${firstLine(error)}`);
    for (const i of own) await this.rewrite(i);
    return own.length > 0;
  }
}
