import { sqlText } from '../cell.js';
import type { Database } from '../duckdb.js';
import { spacing } from './number-describer.js';
import { positional } from '../parquet.js';

/** With more rows than this, what has to hold many values in memory is taken from evenly spaced rows. */
const EXACT_ROWS = 1_000_000;
/** A snapshot of so many cells at most is held in memory while it is described. */
const SMALL_CELLS = 2_000_000;

/** A snapshot file to be asked about: its columns are c0, c1 … in the order of the schema. */
export type ProfileSource = {
  readonly from: string;
  /** Some of the rows, evenly spaced, or the same as `from`. */
  readonly sample: string;
  readonly rows: number;
  readonly sampledRows: number;
  /** How far apart the rows of the sample are. */
  readonly sampleStep: number;
};

export async function openProfile(database: Database, path: string, columns: number): Promise<ProfileSource> {
  const cells = positional(columns);
  const file = `read_parquet(${sqlText(path)}) AS t(${cells})`;
  const [count] = await database.rows(`SELECT count(*) FROM ${file}`);
  const rows = Number(count?.[0] ?? 0);
  // Many questions follow, each of which would read what the file says of all its columns.
  const isSmall = rows * columns <= SMALL_CELLS;
  if (isSmall) await database.run(`CREATE OR REPLACE TEMP TABLE small AS SELECT * FROM ${file}`);
  const from = isSmall ? 'small' : file;
  const sampleStep = spacing(rows, EXACT_ROWS);
  const numbered = `read_parquet(${sqlText(path)}, file_row_number = true) AS t(${cells}, row_number)`;
  return {
    from,
    sample:
      sampleStep === 1 ? from : `(SELECT ${cells} FROM ${numbered} WHERE row_number % ${sampleStep} = 0)`,
    rows,
    sampledRows: Math.ceil(rows / sampleStep),
    sampleStep,
  };
}
