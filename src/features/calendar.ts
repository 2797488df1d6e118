/** Milliseconds of a day. */
export const DAY = 86_400_000;
/** The range of a JavaScript Date, 100 million days around 1970. */
export const LATEST = 8.64e15;

/**
 * Arithmetic that a formula of dates needs, so that one formula serves numbers and graph nodes. No value is negative
 * zero or NaN.
 */
export interface Arithmetic<T> {
  readonly constant: (value: number) => T;
  readonly add: (a: T, b: T) => T;
  readonly subtract: (a: T, b: T) => T;
  readonly multiply: (a: T, b: T) => T;
  readonly divide: (a: T, b: T) => T;
  readonly floor: (a: T) => T;
  /** 1 where a ≥ b, else 0. */
  readonly atLeast: (a: T, b: T) => T;
}

export const numberArithmetic: Arithmetic<number> = {
  constant: (value) => value,
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  floor: Math.floor,
  atLeast: (a, b) => (a >= b ? 1 : 0),
};

/** Parts of a date in UTC: month and day count from 0, weekday from Monday = 0, hour with its fraction. */
export interface DateParts<T> {
  readonly year: T;
  readonly month: T;
  readonly day: T;
  readonly weekday: T;
  readonly hour: T;
}

/** A point in time in two parts, which 32-bit numbers can hold where milliseconds since 1970 do not fit. */
export interface Moment<T> {
  /** Whole days since 1970-01-01 UTC. */
  readonly days: T;
  /** Seconds since that day began, with their fraction. */
  readonly seconds: T;
}

/** The moment that is so many milliseconds after 1970-01-01 UTC. */
export function momentOf<T>(math: Arithmetic<T>, milliseconds: T): Moment<T> {
  const { subtract, multiply, divide, floor, constant } = math;
  const days = floor(divide(milliseconds, constant(DAY)));
  const rest = subtract(milliseconds, multiply(days, constant(DAY)));
  return { days, seconds: divide(rest, constant(1000)) };
}

/**
 * The proleptic Gregorian date of a moment, by the day-count algorithm of Howard Hinnant ("chrono-compatible low-level
 * date algorithms", civil_from_days): years start in March, so that leap days come last.
 */
export function dateParts<T>(math: Arithmetic<T>, { days, seconds }: Moment<T>): DateParts<T> {
  const { add, subtract, multiply, divide, floor, constant } = math;
  // All are whole numbers. The half keeps a division that is not correctly rounded, as on a GPU, off the next lower one.
  const over = (a: T, b: number): T => floor(divide(add(a, constant(0.5)), constant(b)));
  const times = (a: T, b: number): T => multiply(a, constant(b));
  const hour = divide(seconds, constant(3600));
  // 1970-01-01 was a Thursday.
  const sinceMonday = add(days, constant(3));
  const weekday = subtract(sinceMonday, times(over(sinceMonday, 7), 7));

  const shifted = add(days, constant(719_468));
  const era = over(shifted, 146_097);
  const dayOfEra = subtract(shifted, times(era, 146_097));
  const leapDays = subtract(add(over(dayOfEra, 1460), over(dayOfEra, 146_096)), over(dayOfEra, 36_524));
  const yearOfEra = over(subtract(dayOfEra, leapDays), 365);
  const dayOfYear = subtract(
    dayOfEra,
    subtract(add(times(yearOfEra, 365), over(yearOfEra, 4)), over(yearOfEra, 100)),
  );
  const marchMonth = over(add(times(dayOfYear, 5), constant(2)), 153);
  const day = subtract(dayOfYear, over(add(times(marchMonth, 153), constant(2)), 5));
  // March is month 2; January and February belong to the next year.
  const wraps = math.atLeast(marchMonth, constant(10));
  const month = subtract(add(marchMonth, constant(2)), times(wraps, 12));
  const year = add(add(yearOfEra, times(era, 400)), wraps);
  return { year, month, day, weekday, hour };
}
