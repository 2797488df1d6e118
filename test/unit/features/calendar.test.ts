import fc from '../../helpers/property.js';
import { expect, test } from 'vitest';
import { dateParts, LATEST, momentOf, numberArithmetic } from '../../../src/features/calendar.js';

test('the parts of every date are those of Date in UTC', () => {
  const property = fc.property(fc.integer({ min: -LATEST, max: LATEST }), (milliseconds) => {
    const date = new Date(milliseconds);
    const parts = dateParts(numberArithmetic, momentOf(numberArithmetic, milliseconds));
    expect(parts).toEqual({
      year: date.getUTCFullYear(),
      month: date.getUTCMonth(),
      day: date.getUTCDate() - 1,
      weekday: (date.getUTCDay() + 6) % 7,
      hour: expect.closeTo(
        date.getUTCHours() +
          date.getUTCMinutes() / 60 +
          date.getUTCSeconds() / 3600 +
          date.getUTCMilliseconds() / 3.6e6,
        9,
      ) as number,
    });
  });
  const days = [0, 58, 59, 60, 364, 365, 366, 10_956, 11_016, 19_782, -1, -25_509, 4e6, -4e6];
  fc.assert(property, {
    numRuns: 2000,
    examples: days.flatMap((day): [number][] => [[day * 86_400_000], [day * 86_400_000 - 1]]),
  });
});
