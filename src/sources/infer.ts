import type { ColumnKind, ColumnSchema } from '../core/table.js';
import { DATE_FORMATS, type DateFormat } from './dates.js';

/** What inference knows of a column: counts over the cells looked at. Missing cells are in `rows` only. */
export type ColumnStatistics = {
  readonly name: string;
  readonly rows: number;
  /** Cells that are not missing. */
  readonly present: number;
  /** Different values among them. */
  readonly distinct: number;
  /** Cells that are numbers, infinite ones included. */
  readonly numbers: number;
  readonly distinctNumbers: number;
  /** Cells that are finite whole numbers. */
  readonly whole: number;
  /** Whole numbers written with a decimal point or an exponent (7.0). */
  readonly decimals: number;
  /** Whole numbers from 1 on written with zeros in front (00501). */
  readonly leadingZeros: number;
  /** Whole numbers beyond 2^53, which a double cannot hold exactly. */
  readonly huge: number;
  /** Over the finite numbers; null without any. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Mean of the numbers from 0 to 1. */
  readonly unitMean: number | null;
  /** Cells that are true or false, and those that are yes or no, in any case. */
  readonly trueFalse: number;
  readonly yesNo: number;
  /** Cells that are numbers with a decimal comma (0,07), and those that may have commas between thousands (1,234.5). */
  readonly commas: number;
  readonly thousands: number;
  readonly meanLength: number;
  readonly meanWords: number;
  /** Cells that are a date in each form. */
  readonly dates: { readonly [format in DateFormat]?: number };
  /** The cells come from a file that knows they are text (Parquet strings). */
  readonly textual: boolean;
};

/** A column's kind as inferred, and how many of the cells looked at do not fit it. */
export type InferredColumn = { readonly column: ColumnSchema; readonly misfits: number };

/** A numeric column of which at least this share of cells are numbers has bad cells; below it, it is not numeric. */
const NEARLY_ALL = 0.95;
const ENOUGH = 20;
/** Most classes that a target of whole numbers may have. */
export const MOST_INTEGER_CLASSES = 20;

const ID_NAME = /(?:^|[\s_.-])(?:id|uuid|guid|key|index|row_?(?:id|num|number)|unnamed: 0)$/i;
const CAMEL_ID_NAME = /[a-z]I[Dd]$/;

function isNearly(count: number, s: ColumnStatistics): boolean {
  return s.present >= ENOUGH && count < s.present && count >= NEARLY_ALL * s.present;
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}

/** The form that fits most cells; among equals the first in DATE_FORMATS. */
function bestDate(s: ColumnStatistics): { format: DateFormat; count: number } | undefined {
  let best: { format: DateFormat; count: number } | undefined;
  for (const format of DATE_FORMATS) {
    const count = s.dates[format] ?? 0;
    if (count > (best?.count ?? 0)) best = { format, count };
  }
  return best;
}

/** True where day and month could be exchanged in every cell, so that the choice is a guess. */
export function isAmbiguousDate(s: ColumnStatistics): boolean {
  const first = s.dates['month/day/year'] ?? 0;
  return first > 0 && first === s.dates['day/month/year'] && (s.dates['day-month-year'] ?? 0) < first;
}

/** What to do about text that looks like numbers with commas; undefined where it does not. */
export function decimalHint(s: ColumnStatistics): string | undefined {
  const { commas, thousands } = s;
  const most = Math.max(commas, thousands);
  if (most === 0 || s.numbers + most < NEARLY_ALL * s.present) return undefined;
  if (commas > thousands) return 'looks like numbers with a decimal comma; --decimal , reads them as numbers';
  if (thousands > commas) {
    return 'looks like numbers with commas between the thousands; --decimal . reads them as numbers';
  }
  return 'looks like numbers with commas: --decimal , reads 1,234 as 1.234, and --decimal . as 1234';
}

/** integer or float: whether every number looked at is a whole one that a double holds exactly. */
function numberType(s: ColumnStatistics): 'integer' | 'float' {
  return s.numbers > 0 && s.whole === s.numbers && s.huge === 0 ? 'integer' : 'float';
}

/** integer when "1", "1.0" and "+1" may be taken for the same label, else string. */
function labelType(s: ColumnStatistics): 'integer' | 'string' {
  const integers = s.present > 0 && s.whole === s.present && s.huge === 0 && s.leadingZeros === 0;
  return integers ? 'integer' : 'string';
}

function isNumeric(s: ColumnStatistics): boolean {
  if (s.textual || s.numbers === 0) return false;
  if (s.numbers === s.present) return true;
  return isNearly(s.numbers, s) && s.distinctNumbers > ENOUGH;
}

/**
 * Whether a numeric target names classes. It does with exactly two values; or when all are written as whole numbers
 * (no decimal point) of at most 20 values and no more than the square root of the rows, as 0..9 over 1,797 rows are.
 * Everything else, such as 7.0 or 152, is a quantity.
 */
function isClassNumber(s: ColumnStatistics): boolean {
  if (s.distinctNumbers <= 2) return true;
  const most = Math.min(MOST_INTEGER_CLASSES, Math.floor(Math.sqrt(s.present)));
  return s.whole === s.numbers && s.decimals === 0 && s.distinctNumbers <= most;
}

function inferTarget(s: ColumnStatistics): InferredColumn {
  const make = (kind: ColumnKind, dataType: string, reason: string, misfits = 0): InferredColumn => ({
    column: { name: s.name, kind, reason, dataType },
    misfits,
  });
  if (isNumeric(s)) {
    const misfits = s.present - s.numbers;
    const values = plural(s.distinctNumbers, 'value');
    if (misfits === 0 && isClassNumber(s)) {
      return make('category', labelType(s), `target of numbers with ${values}: classes`);
    }
    return make('number', numberType(s), `target of numbers with ${values}: a quantity`, misfits);
  }
  const date = bestDate(s);
  if (date?.count === s.present && s.present > 0) return makeDate(s, date);
  return make('category', labelType(s), `target with ${plural(s.distinct, 'class')}`);
}

function makeDate(s: ColumnStatistics, date: { format: DateFormat; count: number }): InferredColumn {
  const reason = `${s.present === date.count ? 'all' : 'nearly all'} values are dates (${date.format})`;
  return {
    column: { name: s.name, kind: 'date', reason, dataType: 'date', dateFormat: date.format },
    misfits: s.present - date.count,
  };
}

function isSequence(s: ColumnStatistics): boolean {
  return (
    s.present >= ENOUGH &&
    s.decimals === 0 &&
    s.minimum !== null &&
    s.maximum !== null &&
    (s.minimum === 0 || s.minimum === 1) &&
    s.maximum - s.minimum === s.present - 1
  );
}

/** Share of the rows that each of 0 and 1 needs: in a count of something rare, a 2 is only a matter of time. */
const FLAG_SHARE = 0.05;

function isFlag(s: ColumnStatistics): boolean {
  const onlyBoth = s.whole === s.numbers && s.distinctNumbers === 2 && s.minimum === 0 && s.maximum === 1;
  const ones = s.unitMean ?? 0;
  return onlyBoth && s.decimals === 0 && Math.min(ones, 1 - ones) >= FLAG_SHARE;
}

function inferNumber(s: ColumnStatistics): InferredColumn {
  const misfits = s.present - s.numbers;
  const make = (kind: ColumnKind, dataType: string, reason: string): InferredColumn => ({
    column: { name: s.name, kind, reason, dataType },
    misfits: kind === 'number' || kind === 'boolean' ? misfits : 0,
  });
  const allWhole = s.whole === s.numbers;
  const unique = s.distinctNumbers === s.present;
  if (allWhole && s.leadingZeros > 0) {
    return make('category', 'string', 'whole numbers with zeros in front, as codes have');
  }
  if (allWhole && s.huge > 0) {
    const kind = s.distinct >= 0.5 * s.present ? 'id' : 'category';
    return make(kind, 'string', 'whole numbers beyond 2^53, too long to be exact as numbers');
  }
  if (allWhole && unique && s.present >= 2 && (ID_NAME.test(s.name) || CAMEL_ID_NAME.test(s.name))) {
    return make('id', 'integer', 'a different whole number in every row, named like an id');
  }
  if (allWhole && unique && isSequence(s)) return make('id', 'integer', 'numbers the rows one by one');
  if (isFlag(s)) return make('boolean', 'integer', 'only 0 and 1');
  const some = s.numbers === 1 ? 'its one value is' : `all ${plural(s.numbers, 'value')} are`;
  const share = misfits === 0 ? some : 'nearly all values are';
  const noun = s.numbers === 1 ? 'number' : 'numbers';
  const what = `${s.numbers === 1 ? 'a ' : ''}${allWhole ? 'whole ' : ''}${noun}`;
  const few =
    allWhole && s.distinctNumbers <= 10 && s.numbers > 1 ? ` (only ${s.distinctNumbers} different)` : '';
  return make('number', numberType(s), `${share} ${what}${few}`);
}

/**
 * The kind of a column from its cells, with the reason. `asTarget` columns are classes or a quantity, never ids or
 * free text.
 */
export function inferColumn(s: ColumnStatistics, asTarget: boolean): InferredColumn {
  const make = (kind: ColumnKind, dataType: string, reason: string): InferredColumn => ({
    column: { name: s.name, kind, reason, dataType },
    misfits: 0,
  });
  if (s.present === 0) return make('category', 'string', 'no values at all');
  if (asTarget) return inferTarget(s);
  if (isNumeric(s)) return inferNumber(s);
  if (s.trueFalse === s.present) return make('boolean', 'boolean', 'only true and false');
  if (s.yesNo === s.present) return make('boolean', 'boolean', 'only yes and no');
  const date = bestDate(s);
  if (date !== undefined && (date.count === s.present || isNearly(date.count, s))) return makeDate(s, date);
  const type = labelType(s);
  if (s.meanWords >= 4 && s.distinct > Math.max(5, 0.3 * s.present)) {
    return make('text', 'string', `free text of ${s.meanWords.toFixed(0)} words on average`);
  }
  if (s.present >= ENOUGH && s.distinct >= 0.98 * s.present && s.meanWords < 2) {
    return make('id', type, 'a different value in (nearly) every row');
  }
  return make('category', type, `text with ${plural(s.distinct, 'different value')}`);
}

/** The column as the user wants it (--type), with what its cells say of how it is written. */
export function overrideColumn(s: ColumnStatistics, kind: ColumnKind): InferredColumn {
  const base = { name: s.name, kind, reason: 'chosen with --type' };
  switch (kind) {
    case 'number':
      return { column: { ...base, dataType: numberType(s) }, misfits: s.present - s.numbers };
    case 'boolean': {
      const numeric = s.whole === s.present && (s.minimum ?? 0) >= 0 && (s.maximum ?? 0) <= 1;
      const dataType = numeric && s.present > 0 ? 'integer' : 'boolean';
      const words = Math.max(s.trueFalse, s.yesNo);
      return { column: { ...base, dataType }, misfits: numeric || words === s.present ? 0 : 1 };
    }
    case 'date': {
      const date = bestDate(s) ?? { format: 'iso' as const, count: 0 };
      return {
        column: { ...base, dataType: 'date', dateFormat: date.format },
        misfits: s.present - date.count,
      };
    }
    case 'category':
    case 'text':
    case 'id':
      return { column: { ...base, dataType: labelType(s) }, misfits: 0 };
  }
}
