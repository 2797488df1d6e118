import type { DataSchema } from '../../core/table.js';
import type { Database } from '../duckdb.js';
import { findLeaks } from './leaks.js';
import type { ColumnProfile, Profile } from './profile.js';
import type { ProfileSource } from './profile-source.js';

/** Something in the data that the user should know before training on it. */
export type DataWarning = { readonly code: string; readonly column: string | null; readonly message: string };

/** A class with fewer rows than this cannot be in every split. */
const RARE_CLASS_ROWS = 10;
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
  for (const [column, why] of await findLeaks(database, source, profile, schema)) {
    const message = `gives the target away: ${why}. Leave it out with --drop unless it is known when predicting`;
    found.push({ code: 'TARGET_LEAK', column, message });
  }
  return found;
}
