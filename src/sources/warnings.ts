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
/** Classes whose ranges are compared. */
const MOST_RANGES = 50;

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(part / whole < 0.1 ? 1 : 0)} %`;
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A category of this share of different values is warned of, and a whole number that differs in so many rows. */
const NEARLY_UNIQUE = 0.9;
const ENOUGH_ROWS = 20;
const MANY_ROWS = 1000;

/** Columns that name rows, or nearly, without looking enough like ids to be taken for them. */
function idLikeWarnings(column: ColumnProfile, dataType: string, rows: number): DataWarning[] {
  const { name, kind, distinct, missing } = column;
  const present = rows - missing;
  const warn = (message: string): DataWarning[] => [{ code: 'ID_LIKE', column: name, message }];
  if (kind === 'category' && present >= ENOUGH_ROWS && distinct >= NEARLY_UNIQUE * present) {
    return warn(
      `has ${count(distinct)} different values in ${count(present)} rows: hardly anything can be learned from it; leave it out with --drop`,
    );
  }
  if (kind === 'number' && dataType === 'integer' && present >= MANY_ROWS && distinct === present) {
    return warn(
      'has a different whole number in every row; if it names rows and measures nothing, leave it out with --drop',
    );
  }
  return [];
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

function infiniteWarnings({ name, infinite }: ColumnProfile): DataWarning[] {
  if (infinite === 0) return [];
  const values = infinite === 1 ? 'One infinite value is' : `${count(infinite)} infinite values are`;
  return [{ code: 'INFINITE_VALUES', column: name, message: `${values} taken as missing` }];
}

/** Years beyond these are rarely meant as such. */
const FIRST_YEAR = Date.UTC(1000, 0);
const LAST_YEAR = Date.UTC(3000, 0);

/** Dates such as 9999-12-31, which mostly stand for "never" or "not known". */
function farDateWarnings({ name, kind, numbers }: ColumnProfile): DataWarning[] {
  if (kind !== 'date' || numbers === null) return [];
  const far = [
    ...(numbers.minimum < FIRST_YEAR ? [numbers.minimum] : []),
    ...(numbers.maximum >= LAST_YEAR ? [numbers.maximum] : []),
  ].map((date) => new Date(date).toISOString().slice(0, 10));
  if (far.length === 0) return [];
  const message = `has dates as far away as ${far.join(' and ')}; if that means "none", name the text of such cells with --missing`;
  return [{ code: 'FAR_DATES', column: name, message }];
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
    found.push(...infiniteWarnings(column), ...farDateWarnings(column));
    if (column.name === schema.target) continue;
    found.push(...columnWarnings(column, rows));
    const type = schema.columns.find(({ name }) => name === column.name)?.dataType ?? '';
    found.push(...idLikeWarnings(column, type, Math.min(rows, profile.sampledRows)));
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

/** A column with the SQL of its cell, and of its cell as a number. */
type Subject = {
  readonly column: ColumnSchema;
  readonly cell: string;
  readonly number: string;
  readonly profile: ColumnProfile;
};
/** Column → why it is thought to give the target away. */
type Leaks = Map<string, string>;

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
  const all = schema.columns.flatMap((column, i): Subject[] => {
    const its = profile.columns[i];
    return its === undefined ? [] : [{ column, cell: `c${i}`, number: numeric(column, i), profile: its }];
  });
  const target = all.find(({ column }) => column.name === schema.target);
  if (target === undefined || target.profile.distinct < 2) return [];
  const suspects = all.filter(
    (each) => each !== target && each.column.kind !== 'id' && each.profile.distinct >= 2,
  );
  const leaks: Leaks = new Map();
  const together = source.rows <= 200_000 ? 24 : 1;
  for (let start = 0; start < suspects.length; start += together) {
    const part = suspects.slice(start, start + together);
    await findDetermining(database, source, part, target, leaks);
    const numbers = part.filter(
      ({ column }) => storageOf(column.kind) === 'number' && !leaks.has(column.name),
    );
    if (storageOf(target.column.kind) === 'number') await findLines(database, source, numbers, target, leaks);
    else await findApart(database, source, numbers, target, leaks);
  }
  return [...leaks].map(([column, why]) => ({
    code: 'TARGET_LEAK',
    column,
    message: `gives the target away: ${why}. Leave it out with --drop unless it is known when predicting`,
  }));
}

/** Columns of which each value always goes with the same value of the target. */
async function findDetermining(
  database: Database,
  source: ProfileSource,
  suspects: readonly Subject[],
  target: Subject,
  leaks: Leaks,
): Promise<void> {
  const few = suspects.filter(({ profile }) => profile.distinct * LEAK_ROWS_PER_VALUE <= source.sampledRows);
  if (few.length === 0) return;
  const aggregates = few.flatMap(({ cell }) => {
    const both = `FILTER (${cell} IS NOT NULL AND ${target.cell} IS NOT NULL)`;
    return [
      `count(DISTINCT ${cell}) ${both}`,
      `count(DISTINCT hash(${cell}, ${target.cell})) ${both}`,
      `count(*) ${both}`,
    ];
  });
  const [row] = await database.rows(`SELECT ${aggregates.join(', ')} FROM ${source.sample}`);
  for (const [k, { column }] of few.entries()) {
    const [values, pairs, rows] = (row ?? []).slice(3 * k, 3 * k + 3).map(Number) as [number, number, number];
    if (values > 1 && pairs === values && rows >= 0.9 * source.sampledRows) {
      leaks.set(column.name, `each of its ${count(values)} values goes with one value of the target`);
    }
  }
}

/** Numbers that are a straight line of a numeric target. */
async function findLines(
  database: Database,
  source: ProfileSource,
  suspects: readonly Subject[],
  target: Subject,
  leaks: Leaks,
): Promise<void> {
  const small = suspects.filter(({ profile }) => largest(profile) <= MOST_SQUARABLE);
  if (small.length === 0 || largest(target.profile) > MOST_SQUARABLE) return;
  const aggregates = small.map(({ number }) => `corr(${number}, ${target.number})`);
  const [row] = await database.rows(`SELECT ${aggregates.join(', ')} FROM ${source.sample}`);
  for (const [k, { column }] of small.entries()) {
    const correlation = Number(row?.[k] ?? 0);
    if (Math.abs(correlation) >= LEAK_CORRELATION) {
      leaks.set(column.name, `its correlation with the target is ${correlation.toFixed(5)}`);
    }
  }
}

/** Numbers whose ranges in the classes of the target do not overlap. */
async function findApart(
  database: Database,
  source: ProfileSource,
  suspects: readonly Subject[],
  target: Subject,
  leaks: Leaks,
): Promise<void> {
  const many = suspects.filter(({ profile }) => profile.distinct > target.profile.distinct);
  if (many.length === 0 || target.profile.distinct > MOST_RANGES) return;
  const aggregates = many.flatMap(({ number, cell }) => [
    `min(${number})`,
    `max(${number})`,
    `count(${cell})`,
  ]);
  const rows = await database.rows(
    `SELECT ${aggregates.join(', ')} FROM ${source.sample} WHERE ${target.cell} IS NOT NULL GROUP BY ${target.cell}`,
  );
  for (const [k, { column }] of many.entries()) {
    const ranges = rows
      .map((row) => row.slice(3 * k, 3 * k + 3).map(Number) as [number, number, number])
      .sort((a, b) => a[0] - b[0]);
    const apart = ranges.every(
      ([low, , n], r) => n >= LEAK_ROWS_PER_VALUE && (r === 0 || low > (ranges[r - 1]?.[1] ?? Infinity)),
    );
    const seen = ranges.reduce((sum, [, , n]) => sum + n, 0);
    if (apart && ranges.length > 1 && seen >= 0.9 * source.sampledRows) {
      leaks.set(column.name, 'its ranges in the classes do not overlap');
    }
  }
}
