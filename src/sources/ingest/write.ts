import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import type { ColumnSchema } from '../../core/table.js';
import type { Database } from '../duckdb.js';
import type { InferredColumn } from '../infer.js';
import { HEAD_ROWS, type IngestColumns } from './columns.js';
import type { IngestFiles } from './files.js';
import type { IngestOptions, IngestPlace } from './options.js';
import { firstLine } from '../parquet.js';
import type { Relation } from '../relation.js';
import { sampleRows } from '../sample.js';
import { GUARD, writeSnapshot } from '../snapshot.js';

/** Writes the rows of the files as a snapshot whose every cell fits its column. */
export class SnapshotWriter {
  private readonly database: Database;
  private readonly files: IngestFiles;
  private readonly columns: IngestColumns;
  private readonly options: IngestOptions;
  private readonly place: IngestPlace;

  constructor(
    database: Database,
    files: IngestFiles,
    columns: IngestColumns,
    options: IngestOptions,
    place: IngestPlace,
  ) {
    this.database = database;
    this.files = files;
    this.columns = columns;
    this.options = options;
    this.place = place;
  }

  /**
   * Infers columns from the first rows and writes all; where that does not hold, infers again from all rows; where cells
   * still do not fit, reads row by row, which names or skips them.
   */
  async write(path: string, names: readonly string[]): Promise<readonly ColumnSchema[]> {
    let columns: readonly ColumnSchema[] = [];
    let doubtful: readonly string[] = names;
    let limit: number | null = HEAD_ROWS;
    let checked = false;
    for (let attempt = 0; attempt < 8; attempt++) {
      throwIfAborted(this.place.signal);
      const progress = this.place.reporter.progress({ title: 'Reading the data' });
      try {
        const relation = this.files.relation();
        if (doubtful.length > 0) {
          const inferred = await this.columns.infer(relation, doubtful, limit);
          columns = merge(names, columns, inferred);
          doubtful = [];
          if (inferred.some(({ misfits }) => misfits > 0)) {
            progress.done();
            // Which cells are bad is said of columns that all rows have been asked about.
            if (this.columns.isProvisional) {
              limit = null;
              doubtful = names;
              continue;
            }
            checked = true;
            await this.files.rewriteAll(columns);
            continue;
          }
        }
        await this.writeOnce(path, relation, columns);
        progress.done();
        if (!this.columns.isProvisional || checked) return columns;
        const settled = await this.columns.settle(path, columns);
        ({ columns } = settled);
        if (settled.doubtful.length === 0) return columns;
        doubtful = settled.doubtful;
        limit = null;
      } catch (error) {
        progress.fail();
        if (error instanceof AimaasError) throw error;
        throwIfAborted(this.place.signal);
        if (!firstLine(error).includes(GUARD)) {
          if (!(await this.files.rewriteRefused(error))) throw error;
          // What was inferred from a file that could not be read to its end may be wrong.
          if (!checked) doubtful = names;
        } else if (this.columns.isProvisional && !checked) {
          limit = null;
          doubtful = names;
        } else if (!checked) {
          checked = true;
          await this.files.rewriteAll(columns);
        } else {
          throw error;
        }
      }
    }
    throw new AimaasError('INTERNAL', 'The columns of the data could not be settled.');
  }

  private async writeOnce(path: string, relation: Relation, columns: readonly ColumnSchema[]): Promise<void> {
    const cells = columns.map((column) => `c${relation.names.indexOf(column.name)}`);
    const { sample, seed } = this.options;
    const from =
      sample === null
        ? relation.sql
        : await sampleRows(this.database, relation.sql, sample, Random.of(seed, 'sample'));
    const rows = { ...relation, sql: from };
    await writeSnapshot(this.database, path, rows, columns, cells, this.columns.isProvisional);
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
