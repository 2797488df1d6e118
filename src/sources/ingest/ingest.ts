import { join } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import type { DataSchema } from '../../core/table.js';
import { sqlText } from '../cell.js';
import { databaseError } from '../database-error.js';
import { type Database, withDatabase } from '../duckdb.js';
import { IngestColumns } from './columns.js';
import { IngestFiles } from './files.js';
import type { Ingested, IngestFile, IngestOptions, IngestPlace } from './options.js';
import { SnapshotWriter } from './write.js';
import { describeNumbers, numberColumns } from '../profile/number-columns.js';
import { makeProfile } from '../profile/profile.js';
import { openProfile } from '../profile/profile-source.js';
import { Rejects } from '../rejects.js';
import { checkSameColumns } from '../relation.js';
import { dropInfinite } from '../snapshot.js';
import { findWarnings } from '../profile/warnings.js';

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
      ingestInto(database, files, options, place, rejects),
    );
  } catch (error) {
    throw databaseError(error);
  } finally {
    await rejects.close();
  }
}

async function ingestInto(
  database: Database,
  files: readonly IngestFile[],
  options: IngestOptions,
  place: IngestPlace,
  rejects: Rejects,
): Promise<Ingested> {
  const [first] = files;
  if (first === undefined) throw new AimaasError('INTERNAL', 'Nothing to ingest.');
  checkFiles(files, first, options);
  const readable = new IngestFiles(files, options.skipBadRows, place, rejects);
  await readable.rewriteDoubtful();
  // All keys of a JSON file are known only now.
  const names = options.choose(readable.relation().names, first.source.location);
  await database.expect(names.length);
  const path = join(place.dir, 'data.parquet');
  const found = new IngestColumns(database, files, options);
  const writer = new SnapshotWriter(database, readable, found, options, place);
  let columns = await writer.write(path, names);
  // DuckDB may see no rows where csv-parse sees some.
  if ((await isEmpty(database, path)) && (await readable.rewriteRefused('no rows'))) {
    columns = await writer.write(path, names);
  }
  const schema: DataSchema = { columns, target: options.target };
  const progress = place.reporter.progress({ title: 'Describing the data' });
  let source = await openProfile(database, path, columns.length);
  if (source.rows === 0) throw noRows(files, rejects);
  const numbers = await describeNumbers(database, source, numberColumns(columns));
  if ([...numbers.values()].some(({ infinite }) => infinite > 0)) {
    await dropInfinite(database, path, columns, (index) => (numbers.get(index)?.infinite ?? 0) > 0);
    source = await openProfile(database, path, columns.length);
  }
  const profile = await makeProfile(database, source, schema, numbers);
  const warnings = [...found.remarks, ...(await findWarnings(database, source, profile, schema))];
  progress.done();
  return { schema, rows: source.rows, rejectedRows: rejects.count, warnings, profile };
}

/** @throws AimaasError USAGE where an option is not for these files; SOURCE_FORMAT where their columns differ. */
function checkFiles(files: readonly IngestFile[], first: IngestFile, options: IngestOptions): void {
  const other = files.find(({ source }) => source.format !== 'csv');
  if (options.decimal !== undefined && other !== undefined) {
    const { location, format } = other.source;
    throw new AimaasError('USAGE', `--decimal says how CSV writes numbers, but ${location} is ${format}.`, {
      hint: 'Leave --decimal out, or collect the CSV files alone.',
    });
  }
  for (const { source } of files) {
    if (source.format === 'json' || source.format === 'jsonl') continue;
    checkSameColumns(first.source.location, first.source.names, source.location, source.names);
    options.choose(source.names, source.location);
  }
}

async function isEmpty(database: Database, path: string): Promise<boolean> {
  const [row] = await database.rows(`SELECT count(*) FROM read_parquet(${sqlText(path)})`);
  return row?.[0] === 0;
}

function noRows(files: readonly IngestFile[], { first, count }: Rejects): AimaasError {
  const where = files.map(({ source }) => source.location).join(', ');
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
