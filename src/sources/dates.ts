/**
 * How dates are written. Each form is one regular expression, used by JavaScript and by DuckDB (RE2) alike, whose
 * named groups are the parts of the date; what the parts mean together is written down once per side, below.
 */

const TIME = String.raw`(?:(?:[T ]|, ?)([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?(?: ?([AaPp])[Mm])?(?: ?([Zz]|UTC|[+-]\d{2}(?::?\d{2})?))?)?`;
/** 0001 to 9999: there is no year 0. */
const YEAR = String.raw`(\d{3}[1-9]|\d{2}[1-9]0|\d[1-9]00|[1-9]000)`;
const DAY = String.raw`(\d{1,2})`;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;
const MONTH_NAME =
  '((?:[Jj]an|JAN)(?:uary|UARY)?|(?:[Ff]eb|FEB)(?:ruary|RUARY)?|(?:[Mm]ar|MAR)(?:ch|CH)?|(?:[Aa]pr|APR)(?:il|IL)?|(?:[Mm]ay|MAY)|' +
  '(?:[Jj]un|JUN)(?:e|E)?|(?:[Jj]ul|JUL)(?:y|Y)?|(?:[Aa]ug|AUG)(?:ust|UST)?|(?:[Ss]ep|SEP)(?:t|T|tember|TEMBER)?|(?:[Oo]ct|OCT)(?:ober|OBER)?|' +
  '(?:[Nn]ov|NOV)(?:ember|EMBER)?|(?:[Dd]ec|DEC)(?:ember|EMBER)?)';

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction' | 'half' | 'zone';
const TIME_PARTS: readonly Part[] = ['hour', 'minute', 'second', 'fraction', 'half', 'zone'];

interface DateForm {
  readonly pattern: string;
  /** What each group of the pattern is. A part that has none is 1 (day) or 0 (time). */
  readonly parts: readonly Part[];
  readonly monthIsName?: true;
  /** Tried only when asked for (--type when=date): as a guess it would take plain numbers for dates. */
  readonly onRequest?: true;
}

/** The forms in the order of preference where several fit every cell of a column. */
export const DATE_FORMS = {
  iso: {
    pattern: `${YEAR}[-/.]${DAY}[-/.]${DAY}${TIME}`,
    parts: ['year', 'month', 'day', ...TIME_PARTS],
  },
  'day-month-year': {
    pattern: `${DAY}[-.]${DAY}[-.]${YEAR}${TIME}`,
    parts: ['day', 'month', 'year', ...TIME_PARTS],
  },
  'month/day/year': {
    pattern: `${DAY}[-/.]${DAY}[-/.]${YEAR}${TIME}`,
    parts: ['month', 'day', 'year', ...TIME_PARTS],
  },
  'day/month/year': {
    pattern: `${DAY}[-/.]${DAY}[-/.]${YEAR}${TIME}`,
    parts: ['day', 'month', 'year', ...TIME_PARTS],
  },
  'day month-name year': {
    pattern: `${DAY}[- ]${MONTH_NAME}[- ,]{1,2}${YEAR}${TIME}`,
    parts: ['day', 'month', 'year', ...TIME_PARTS],
    monthIsName: true,
  },
  'month-name day year': {
    pattern: `${MONTH_NAME}[- ]${DAY}[- ,]{1,2}${YEAR}${TIME}`,
    parts: ['month', 'day', 'year', ...TIME_PARTS],
    monthIsName: true,
  },
  'month-name year': {
    pattern: `${MONTH_NAME}[- ,/]{1,2}${YEAR}`,
    parts: ['month', 'year'],
    monthIsName: true,
  },
  'year-month': { pattern: String.raw`${YEAR}[-/](0[1-9]|1[0-2])`, parts: ['year', 'month'] },
  yyyymmdd: { pattern: String.raw`${YEAR}(\d{2})(\d{2})`, parts: ['year', 'month', 'day'], onRequest: true },
} as const satisfies Record<string, DateForm>;

export type DateFormat = keyof typeof DATE_FORMS;
export const DATE_FORMATS = Object.keys(DATE_FORMS) as DateFormat[];

export function isDateFormat(text: string): text is DateFormat {
  return Object.hasOwn(DATE_FORMS, text);
}

/** The forms that inference tries by itself. */
export const GUESSED_FORMATS = DATE_FORMATS.filter((format) => !('onRequest' in DATE_FORMS[format]));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function zoneMinutes(zone: string): number {
  if (!zone.startsWith('+') && !zone.startsWith('-')) return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5) || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

/** Midnight UTC of a day; undefined where the month does not have it. */
function midnightOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  // Date.UTC takes the years up to 99 for those of the twentieth century.
  date.setUTCFullYear(year, month, day);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.getTime() : undefined;
}

/** Whether text that no date could be made of is written like one: it names a day that there is not. */
export function isShapedAsDate(format: DateFormat, text: string): boolean {
  return new RegExp(`^(?:${DATE_FORMS[format].pattern})$`).test(text);
}

/** A parser of the format: trimmed text → milliseconds since 1970-01-01 UTC (no zone means UTC), or undefined. */
export function dateParser(format: DateFormat): (text: string) => number | undefined {
  const form: DateForm = DATE_FORMS[format];
  const pattern = new RegExp(`^(?:${form.pattern})$`);
  const group = (part: Part): number => form.parts.indexOf(part) + 1;
  const at = {
    year: group('year'),
    month: group('month'),
    day: group('day'),
    hour: group('hour'),
    minute: group('minute'),
    second: group('second'),
    fraction: group('fraction'),
    half: group('half'),
    zone: group('zone'),
  };
  return (text) => {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    const get = (index: number): string => (index === 0 ? '' : (match[index] ?? ''));
    const year = Number(get(at.year));
    const monthText = get(at.month);
    const month =
      form.monthIsName === true
        ? MONTHS.indexOf(monthText.slice(0, 3).toLowerCase() as (typeof MONTHS)[number])
        : Number(monthText) - 1;
    const day = at.day === 0 ? 1 : Number(get(at.day));
    const midnight = midnightOf(year, month, day);
    if (midnight === undefined) return undefined;
    let hour = Number(get(at.hour) || '0');
    const half = get(at.half).toLowerCase();
    if (half !== '' && (hour < 1 || hour > 12)) return undefined;
    if (half !== '') hour = (hour % 12) + (half === 'p' ? 12 : 0);
    const milliseconds = Number(get(at.fraction).padEnd(3, '0').slice(0, 3));
    return (
      midnight +
      hour * HOUR +
      Number(get(at.minute) || '0') * MINUTE +
      Number(get(at.second) || '0') * 1000 +
      milliseconds -
      zoneMinutes(get(at.zone)) * MINUTE
    );
  };
}

/** The parts of a date in trimmed text as a DuckDB STRUCT of texts, all '' where it is no date of the form. */
export function datePartsSql(format: DateFormat, text: string): string {
  const form: DateForm = DATE_FORMS[format];
  const names = form.parts.map((part) => `'${part}'`).join(', ');
  return `regexp_extract(${text}, '^(?:${form.pattern})$', [${names}])`;
}

/**
 * The same as {@link dateParser} as a DuckDB expression over `parts` (see {@link datePartsSql}): BIGINT milliseconds, or
 * NULL.
 */
export function dateSql(format: DateFormat, parts: string): string {
  const form: DateForm = DATE_FORMS[format];
  const get = (part: Part): string => `${parts}.${part}`;
  const month =
    form.monthIsName === true
      ? `CAST(list_position([${MONTHS.map((name) => `'${name}'`).join(', ')}], lower(left(${get('month')}, 3))) AS VARCHAR)`
      : get('month');
  const day = form.parts.includes('day') ? get('day') : `'1'`;
  const date = `epoch_ms(CAST(TRY_CAST(${get('year')} || '-' || ${month} || '-' || ${day} AS DATE) AS TIMESTAMP))`;
  if (!form.parts.includes('hour')) return date;
  const whole = (text: string): string => `coalesce(TRY_CAST(nullif(${text}, '') AS BIGINT), 0)`;
  const hour = whole(get('hour'));
  const half = get('half');
  const hours =
    `CASE WHEN ${half} = '' THEN ${hour} WHEN ${hour} BETWEEN 1 AND 12 ` +
    `THEN ${hour} % 12 + CASE WHEN ${half} IN ('p', 'P') THEN 12 ELSE 0 END END`;
  const seconds = `${whole(get('minute'))} * ${MINUTE} + ${whole(get('second'))} * 1000`;
  const fraction = `CAST(left(rpad(${get('fraction')}, 3, '0'), 3) AS BIGINT)`;
  const digits = `replace(${get('zone')}, ':', '')`;
  const minutes = `(${whole(`substr(${digits}, 2, 2)`)} * 60 + ${whole(`substr(${digits}, 4, 2)`)}) * ${MINUTE}`;
  const zone = `CASE left(${get('zone')}, 1) WHEN '+' THEN ${minutes} WHEN '-' THEN -${minutes} ELSE 0 END`;
  return `(${date} + (${hours}) * ${HOUR} + ${seconds} + ${fraction} - (${zone}))`;
}
