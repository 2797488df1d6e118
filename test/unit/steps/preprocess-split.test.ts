import fc from '../../helpers/property.js';
import { describe, expect, test } from 'vitest';
import {
  type Assignment,
  type Fractions,
  groupSplit,
  NO_SPLIT,
  randomSplit,
  type SplitInput,
  timeSplit,
} from '../../../src/steps/preprocess/split.js';
import { namedSplit, parseFractions, planSplit } from '../../../src/steps/preprocess/split-options.js';
import { schemaOf } from '../../helpers/tables.js';

const DEFAULT: Fractions = [0.7, 0.15, 0.15];

function inputOf(total: number, options: Partial<SplitInput> = {}): SplitInput {
  return {
    total,
    rows: Int32Array.from({ length: total }, (_, row) => row),
    fractions: DEFAULT,
    seed: 0,
    classes: null,
    ...options,
  };
}

function counts(assignment: Assignment, only: (row: number) => boolean = () => true): number[] {
  return [0, 1, 2].map((part) => assignment.filter((value, row) => value === part && only(row)).length);
}

const tooFew = expect.objectContaining({ code: 'TOO_FEW_ROWS' }) as Error;

describe('at random', () => {
  test('shares are met to the row, and the same seed deals the same', () => {
    const assignment = randomSplit(inputOf(1000));
    expect(counts(assignment)).toEqual([700, 150, 150]);
    expect(randomSplit(inputOf(1000))).toEqual(assignment);
    expect(randomSplit(inputOf(1000, { seed: 1 }))).not.toEqual(assignment);
    // Not the first 700 rows.
    expect(counts(assignment, (row) => row < 500)[0]).toBeLessThan(400);
  });

  test('every class in proportion; every class has a training row; totals within a row or two', () => {
    const classSizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(classSizes, fc.integer({ min: 0, max: 9 }), (sizes, seed) => {
        const labels = Int32Array.from(sizes.flatMap((size, key) => Array<number>(size).fill(key)));
        fc.pre(labels.length >= 20);
        const assignment = randomSplit(inputOf(labels.length, { classes: labels, seed }));
        expect(assignment.every((part) => part <= 2)).toBe(true);
        sizes.forEach((size, key) => {
          const [train, validation, test] = counts(assignment, (row) => labels[row] === key) as [
            number,
            number,
            number,
          ];
          expect(train).toBeGreaterThanOrEqual(1);
          expect(Math.abs(train - 0.7 * size)).toBeLessThan(2);
          expect(Math.abs(validation - 0.15 * size)).toBeLessThan(2);
          expect(Math.abs(test - 0.15 * size)).toBeLessThan(2);
        });
        const single = sizes.filter((size) => size === 1).length;
        const [train] = counts(assignment) as [number];
        expect(Math.abs(train - 0.7 * labels.length)).toBeLessThanOrEqual(1 + single);
      }),
    );
  });

  test('a split of share 0 stays empty', () => {
    const assignment = randomSplit(inputOf(10, { fractions: [0.8, 0.2, 0] }));
    expect(counts(assignment)).toEqual([8, 2, 0]);
  });

  test('three rows fill three splits; two cannot', () => {
    expect(counts(randomSplit(inputOf(3)))).toEqual([1, 1, 1]);
    expect(() => randomSplit(inputOf(2))).toThrow(tooFew);
    expect(counts(randomSplit(inputOf(2, { fractions: [0.8, 0.2, 0] })))).toEqual([1, 1, 0]);
  });

  test('classes of one row each leave nothing to validate on', () => {
    const input = inputOf(4, { classes: Int32Array.of(0, 1, 2, 3) });
    expect(() => randomSplit(input)).toThrow(tooFew);
  });

  test('rows that were left out are in no split', () => {
    const assignment = randomSplit(inputOf(6, { rows: Int32Array.of(0, 2, 4, 5) }));
    expect([...assignment].map((part) => part === NO_SPLIT)).toEqual([
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('by group', () => {
  test('groups stay together and shares are near', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 100, maxLength: 300 }),
        fc.integer({ min: 0, max: 99 }),
        (groups, seed) => {
          const of = Int32Array.from(groups);
          const assignment = groupSplit(inputOf(of.length, { seed }), of, 'g');
          const parts = new Map<number, number>();
          of.forEach((group, row) => {
            expect(parts.get(group) ?? assignment[row]).toBe(assignment[row]);
            parts.set(group, assignment[row] as number);
          });
          const largest = Math.max(
            ...groups.map((group) => groups.filter((other) => other === group).length),
          );
          const [train] = counts(assignment) as [number];
          expect(Math.abs(train - 0.7 * of.length)).toBeLessThanOrEqual(largest);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('classes keep their proportions as far as groups allow', () => {
    const total = 1200;
    const groups = Int32Array.from({ length: total }, (_, row) => Math.floor(row / 6));
    // Of every group all rows have one class; a tenth of the groups have class 1.
    const classes = groups.map((group) => (group % 10 === 0 ? 1 : 0));
    const assignment = groupSplit(inputOf(total, { classes }), groups, 'g');
    expect(counts(assignment, (row) => classes[row] === 1)).toEqual([84, 18, 18]);
  });

  test('as many groups as splits are enough, fewer are not', () => {
    const of = Int32Array.of(0, 0, 0, 0, 0, 1, 2);
    const assignment = groupSplit(inputOf(7), of, 'g');
    expect([...counts(assignment)].sort()).toEqual([1, 1, 5]);
    expect(assignment[0]).toBe(0);
    expect(() => groupSplit(inputOf(4), Int32Array.of(0, 1, 0, 1), 'g')).toThrow(
      expect.objectContaining({
        code: 'TOO_FEW_ROWS',
        message: expect.stringContaining('Column "g" has 2 groups') as string,
      }) as Error,
    );
  });
});

describe('by time', () => {
  test('training is before validation is before test', () => {
    const times = Float64Array.from({ length: 100 }, (_, row) => (row * 37) % 100);
    const assignment = timeSplit(inputOf(100), times, 't');
    expect(counts(assignment)).toEqual([70, 15, 15]);
    times.forEach((time, row) => expect(assignment[row]).toBe(time < 70 ? 0 : time < 85 ? 1 : 2));
  });

  test('rows of one time are not torn apart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 40, maxLength: 120 }), (list) => {
        fc.pre(new Set(list).size >= 12);
        const times = Float64Array.from(list);
        let assignment: Assignment;
        try {
          assignment = timeSplit(inputOf(times.length), times, 't');
        } catch (error) {
          expect(error).toEqual(tooFew);
          return;
        }
        const parts = new Map<number, number>();
        times.forEach((time, row) => {
          expect(parts.get(time) ?? assignment[row]).toBe(assignment[row]);
          parts.set(time, assignment[row] as number);
        });
        const ordered = [...parts].sort(([a], [b]) => a - b).map(([, part]) => part);
        expect(ordered).toEqual([...ordered].sort());
      }),
    );
  });

  test('one time only cannot be split', () => {
    expect(() => timeSplit(inputOf(50), new Float64Array(50), 't')).toThrow(tooFew);
  });
});

describe('options', () => {
  const schema = schemaOf({ a: 'number', b: 'category', 'time stamp': 'date' }, 'b');

  test.each([
    ['0.7,0.15,0.15', [0.7, 0.15, 0.15]],
    ['70,15,15', [0.7, 0.15, 0.15]],
    [' 0.8, 0.2 ,0', [0.8, 0.2, 0]],
    ['1,0,0', [1, 0, 0]],
    ['0.333333,0.333333,0.333334', [0.333333, 0.333333, 0.333334]],
  ])('--split %s', (text, expected) => {
    parseFractions(text).forEach((fraction, i) => expect(fraction).toBeCloseTo(expected[i] as number, 9));
  });

  test.each([
    '',
    '0.8',
    '0.8,0.2',
    '0.5,0.5,0.5',
    '0,0.5,0.5',
    '-0.1,0.6,0.5',
    'a,b,c',
    '0.7,0.15,',
    '1,0,0,0',
  ])('--split "%s" is refused', (text) => {
    expect(() => parseFractions(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  test('a split given from elsewhere takes no rows, and the others share them', () => {
    const plan = planSplit({ testData: 'test.csv' }, schema);
    expect(plan.given).toEqual(['test']);
    expect(plan.fractions[0]).toBeCloseTo(0.7 / 0.85, 9);
    expect(plan.fractions[2]).toBe(0);
  });

  test.each([
    [{ group: 'a', timeColumn: 'time stamp' }, 'USAGE'],
    [{ splitColumn: 'b', split: '1,0,0' }, 'USAGE'],
    [{ splitColumn: 'b', testData: 'x.csv' }, 'USAGE'],
    [{ group: 'no such' }, 'COLUMN_NOT_FOUND'],
    [{ timeColumn: 'time stmp' }, 'COLUMN_NOT_FOUND'],
  ])('%j is refused', (options, code) => {
    expect(() => planSplit(options, schema)).toThrow(expect.objectContaining({ code }) as Error);
  });

  test('the words of a split column', () => {
    expect(
      ['Train', ' validation ', 'VAL', 'dev', 'test', undefined, ''].map((text) => namedSplit(text, 's')),
    ).toEqual([0, 1, 1, 1, 2, NO_SPLIT, NO_SPLIT]);
    expect(() => namedSplit('holdout', 's')).toThrow(
      expect.objectContaining({ code: 'COLUMN_VALUE' }) as Error,
    );
  });
});
