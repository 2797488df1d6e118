import type { ColumnSchema, DataSchema } from '../core/table.js';
import { storageOf } from '../core/table.js';
import type { Database } from './duckdb.js';
import { numeric, type ColumnProfile, type Profile, type ProfileSource } from './profile.js';

/** Something in the data that the user should know before training on it. */
export type DataWarning = { readonly code: string; readonly column: string | null; readonly message: string };

/** A class with fewer rows than this cannot be in every split. */
const RARE_CLASS_ROWS = 10;
/** Rows that each value of a column must have on average before it is suspected of giving the target away. */
const LEAK_ROWS_PER_VALUE = 5;
const LEAK_CORRELATION = 0.9999;

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(part / whole < 0.1 ? 1 : 0)} %`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function columnWarnings(column: ColumnProfile, rows: number): DataWarning[] {
  const warn = (code: string, message: string): DataWarning[] => [{ code, column: column.name, message }];
  if (column.missing === rows) return warn('EMPTY_COLUMN', 'has no values at all; it will be left out');
  if (column.distinct <= 1) {
    const value = column.top[0]?.value;
    const which = value === undefined ? '' : ` (${JSON.stringify(value.slice(0, 40))})`;
    const but = column.missing > 0 ? ' where it is not missing' : '';
    return warn('CONSTANT_COLUMN', `has the same value${which} in every row${but}`);
  }
  if (column.kind === 'id')
    return warn('ID_COLUMN', 'looks like an id: it names rows and will not be learned from');
  if (column.missing > rows / 2) {
    return warn('MOSTLY_MISSING', `is missing in ${percent(column.missing, rows)} of the rows`);
  }
  return [];
}

function targetWarnings(profile: Profile, schema: DataSchema): DataWarning[] {
  const target = profile.columns.find((column) => column.name === schema.target);
  if (target === undefined) return [];
  const found: DataWarning[] = [];
  const warn = (code: string, message: string): void => {
    found.push({ code, column: target.name, message });
  };
  if (target.missing > 0 && target.missing < profile.rows) {
    warn(
      'TARGET_MISSING',
      `the target is missing in ${count(target.missing)} rows, which cannot be learned from`,
    );
  }
  if (target.distinct <= 1)
    warn('TARGET_CONSTANT', 'the target has one value only: there is nothing to learn');
  if (target.kind === 'date') warn('TARGET_KIND', 'the target is a date, which cannot be predicted');
  const classes = profile.classes ?? [];
  if (classes.length > 0.5 * profile.rows && profile.rows >= 20) {
    warn('TARGET_KIND', `the target has ${count(target.distinct)} classes in ${count(profile.rows)} rows`);
    return found;
  }
  const rare = classes.filter((each) => each.rows < RARE_CLASS_ROWS);
  if (rare.length > 0) {
    const named = rare.slice(-5).map((each) => `"${each.value}" (${each.rows})`);
    const more = rare.length > named.length ? ` and ${rare.length - named.length} more` : '';
    warn('RARE_CLASS', `few rows of class ${named.join(', ')}${more}`);
  }
  return found;
}

/** Everything worth a warning, of which some needs another look at the rows. */
export async function findWarnings(
  database: Database,
  source: ProfileSource,
  profile: Profile,
  schema: DataSchema,
): Promise<DataWarning[]> {
  const { rows, duplicateRows } = profile;
  const found: DataWarning[] = [];
  for (const column of profile.columns) {
    if (column.name !== schema.target) found.push(...columnWarnings(column, rows));
  }
  found.push(...targetWarnings(profile, schema));
  if (duplicateRows > 0) {
    const message = `${count(duplicateRows)} rows (${percent(duplicateRows, rows)}) repeat an earlier row in every column`;
    found.push({ code: 'DUPLICATE_ROWS', column: null, message });
  }
  found.push(...(await findLeaks(database, source, profile, schema)));
  return found;
}

/** Larger values overflow in the sums of a correlation. */
const MOST_SQUARABLE = 1e100;

function largest(profile: ColumnProfile): number {
  return Math.max(Math.abs(profile.numbers?.minimum ?? 0), Math.abs(profile.numbers?.maximum ?? 0));
}

type Suspect = { readonly column: ColumnSchema; readonly cell: string; readonly profile: ColumnProfile };

/**
 * Columns that give the target away: one of few values of which each stands for one target value; a number that is a
 * straight line of a numeric target; a number whose ranges in the classes do not overlap.
 */
async function findLeaks(
  database: Database,
  source: ProfileSource,
  profile: Profile,
  schema: DataSchema,
): Promise<DataWarning[]> {
  const targetIndex = schema.columns.findIndex((column) => column.name === schema.target);
  const target = schema.columns[targetIndex];
  const targetProfile = profile.columns[targetIndex];
  if (target === undefined || targetProfile === undefined || targetProfile.distinct < 2) return [];
  const t = `c${targetIndex}`;
  const suspects: Suspect[] = schema.columns.flatMap((column, i) => {
    const its = profile.columns[i];
    if (its === undefined || i === targetIndex || column.kind === 'id' || its.distinct < 2) return [];
    return [{ column, cell: `c${i}`, profile: its }];
  });
  const found: DataWarning[] = [];
  const leak = (column: ColumnSchema, why: string): void => {
    found.push({
      code: 'TARGET_LEAK',
      column: column.name,
      message: `gives the target away: ${why}. Leave it out with --drop unless it is known when predicting`,
    });
  };
  const isQuantity = storageOf(target.kind) === 'number';
  for (const { column, cell, profile: its } of suspects) {
    const i = Number(cell.slice(1));
    if (its.distinct * LEAK_ROWS_PER_VALUE <= source.sampledRows) {
      // Rows where the target is missing say nothing, and rows where the column is are not explained by it.
      const [row] = await database.rows(
        `SELECT count(*) FILTER (k > 1), sum(n), count(*) FROM (SELECT count(DISTINCT ${t}) AS k, count(*) AS n ` +
          `FROM ${source.sample} WHERE ${cell} IS NOT NULL AND ${t} IS NOT NULL GROUP BY ${cell})`,
      );
      const [mixed, rows, values] = (row ?? []).map(Number) as [number, number, number];
      if (mixed === 0 && values > 1 && rows >= 0.9 * source.sampledRows) {
        leak(column, `each of its ${count(values)} values goes with one value of the target`);
        continue;
      }
    }
    if (storageOf(column.kind) !== 'number') continue;
    const x = numeric(column, i);
    if (isQuantity) {
      if (largest(its) > MOST_SQUARABLE || largest(targetProfile) > MOST_SQUARABLE) continue;
      const [row] = await database.rows(
        `SELECT corr(${x}, ${numeric(target, targetIndex)}) FROM ${source.sample}`,
      );
      const correlation = Number(row?.[0] ?? 0);
      if (Math.abs(correlation) >= LEAK_CORRELATION) {
        leak(column, `its correlation with the target is ${correlation.toFixed(5)}`);
      }
    } else if (targetProfile.distinct <= 50 && its.distinct > targetProfile.distinct) {
      const ranges = await database.rows(
        `SELECT min(${x}), max(${x}), count(*) FROM ${source.sample} WHERE ${cell} IS NOT NULL AND ${t} IS NOT NULL ` +
          `GROUP BY ${t} ORDER BY 1, 2`,
      );
      const apart = ranges.every(([low, , n], k) => {
        const before = ranges[k - 1];
        return Number(n) >= LEAK_ROWS_PER_VALUE && (before === undefined || Number(low) > Number(before[1]));
      });
      const rows = ranges.reduce((sum, [, , n]) => sum + Number(n), 0);
      if (apart && ranges.length > 1 && rows >= 0.9 * source.sampledRows) {
        leak(column, 'its ranges in the classes do not overlap');
      }
    }
  }
  return found;
}
