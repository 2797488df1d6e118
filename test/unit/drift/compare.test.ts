import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import {
  type ColumnDrift,
  compareCounts,
  Counter,
  describeTable,
  emptyCounts,
  mergeCounts,
  predictionSchema,
  predictionTable,
} from '../../../src/drift/index.js';
import {
  type Column,
  type ColumnKind,
  type DataSchema,
  stringColumn,
  type Table,
} from '../../../src/core/table.js';

function schemaOf(kind: ColumnKind): DataSchema {
  return { columns: [{ name: 'c', kind, reason: 'test', dataType: kind }], target: null };
}

const numbers = (values: readonly number[]): Column => ({
  storage: 'number',
  values: Float64Array.from(values),
});

function tableOf(column: Column): Table {
  const rows = column.storage === 'number' ? column.values.length : column.codes.length;
  return { rows, columns: new Map([['c', column]]) };
}

function compare(kind: ColumnKind, reference: Column, current: Column): ColumnDrift {
  const references = describeTable(schemaOf(kind), tableOf(reference));
  // What is written to reference.json and read again is the same.
  expect(JSON.parse(JSON.stringify(references))).toEqual(references);
  const counts = emptyCounts(references);
  new Counter(references).add(counts, tableOf(current));
  const [drift] = compareCounts(references, counts);
  if (drift === undefined) throw new Error('There is one column.');
  return drift;
}

const repeat = <T>(times: number, ...values: readonly T[]): T[] =>
  Array.from({ length: times }, () => values).flat();

describe('compareCounts', () => {
  it('calls a column stable that stays as it is', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000);
    const drift = compare('number', numbers(values), numbers(values));
    expect(drift).toMatchObject({ level: 'stable', psi: 0, outOfRange: 0, unseen: null, judged: true });
    expect(drift.bins).toHaveLength(10);
    expect(drift.bins.every(({ expected }) => expected === 100)).toBe(true);
  });

  it('tells values below and above all training rows', () => {
    const drift = compare('number', numbers(repeat(30, 1, 2, 3)), numbers([...repeat(30, 0, 2, 4), NaN]));
    expect(drift.outOfRange).toBeCloseTo(2 / 3, 12);
    expect(drift.missing).toMatchObject({ reference: 0, current: 1 / 91 });
    expect(drift.level).toBe('major');
  });

  it('counts the equal values of a column of few values in bins of their own', () => {
    const drift = compare('number', numbers(repeat(100, 0, 0, 0, 1)), numbers(repeat(100, 0, 1, 1, 1)));
    expect(drift.bins.map(({ expected, actual }) => [expected, actual])).toEqual([
      [300, 100],
      [100, 300],
    ]);
  });

  it('tells new categories from rare ones', () => {
    const known = stringColumn(repeat(50, 'a', 'b', null));
    const drift = compare('category', known, stringColumn([...repeat(50, 'a', 'b'), ...repeat(25, 'new')]));
    expect(drift.unseen).toBeCloseTo(0.2, 12);
    expect(drift.bins.find(({ label }) => label.type === 'unseen')).toMatchObject({
      expected: 0,
      actual: 25,
    });
    expect(drift.missing.pValue).toBeLessThan(1e-6);
  });

  it('cannot tell new categories where not all were kept', () => {
    const many = stringColumn(Array.from({ length: 500 }, (_, i) => `id ${i % 250}`));
    const drift = compare('category', many, stringColumn(repeat(10, 'id 1', 'never')));
    expect(drift.unseen).toBeNull();
    expect(drift.bins.length).toBeLessThanOrEqual(22);
  });

  it('compares booleans, and texts by their length', () => {
    expect(compare('boolean', numbers(repeat(50, 0, 1)), numbers(repeat(50, 1, 1, NaN))).level).toBe('major');
    const short = stringColumn(repeat(80, 'one', 'three', 'four 4'));
    const long = stringColumn(repeat(80, 'a much longer text', 'another one of them'));
    expect(compare('text', short, long)).toMatchObject({ level: 'major', outOfRange: 1 });
    expect(compare('text', short, short).level).toBe('stable');
  });

  it('says that few rows are too few, and still alarms where they are far away', () => {
    const reference = numbers(Array.from({ length: 1000 }, (_, i) => i));
    expect(compare('number', reference, numbers([10, 200, 400, 600, 990])).level).toBe('unknown');
    expect(compare('number', reference, numbers(repeat(40, 999))).level).toBe('major');
  });

  it('shows dates without judging them', () => {
    const days = (from: number): Column => numbers(Array.from({ length: 200 }, (_, i) => from + i * 864e5));
    expect(compare('date', days(0), days(1e12))).toMatchObject({ level: 'major', judged: false });
  });

  it('takes columns that were all missing, identifiers, and columns that are not there', () => {
    const empty = numbers(repeat(50, NaN));
    expect(compare('number', empty, empty).level).toBe('stable');
    expect(compare('number', empty, numbers(repeat(50, 1)))).toMatchObject({ level: 'major', test: null });
    const ids = stringColumn(Array.from({ length: 100 }, (_, i) => `id ${i}`));
    const others = stringColumn(Array.from({ length: 100 }, (_, i) => `other ${i}`));
    expect(compare('id', ids, others)).toMatchObject({ level: 'stable', unseen: null });
    const references = describeTable(schemaOf('number'), tableOf(numbers([1, 2])));
    expect(compareCounts(references, emptyCounts(references))[0]).toMatchObject({
      level: 'absent',
      psi: null,
    });
  });

  it('keeps a few kilobytes of any column', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => Math.sin(i) * 1e6);
    const references = describeTable(schemaOf('number'), tableOf(numbers(values)));
    expect(JSON.stringify(references).length).toBeLessThan(4_000);
  });
});

describe('counts', () => {
  it('have the same sum whoever counted which rows', () => {
    const value = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, 1, 2));
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.array(value, { maxLength: 60 }),
        fc.nat(60),
        (reference, rows, at) => {
          const references = describeTable(schemaOf('number'), tableOf(numbers(reference)));
          const count = (part: readonly number[]) => {
            const counts = emptyCounts(references);
            new Counter(references).add(counts, tableOf(numbers(part)));
            return counts;
          };
          const whole = count(rows);
          expect(mergeCounts([count(rows.slice(0, at)), count(rows.slice(at))])).toEqual(whole);
          const [column] = whole;
          const present = rows.filter((one) => !Number.isNaN(one)).length;
          expect(column?.rows).toBe(rows.length);
          expect(column?.cells.reduce((a, b) => a + b, 0)).toBe(present);
        },
      ),
    );
  });
});

describe('predictionTable', () => {
  it('has the class and how sure it is', () => {
    const two = predictionTable(
      ['no', 'yes'],
      [{ prediction: 'no', probabilities: { no: 0.75, yes: 0.25 } }],
    );
    expect(two.columns.get('probability of yes')).toEqual(numbers([0.25]));
    const three = predictionTable(
      ['a', 'b', 'c'],
      [{ prediction: 'b', probabilities: { a: 0.2, b: 0.5, c: 0.3 } }],
    );
    expect(three.columns.get('probability of the prediction')).toEqual(numbers([0.5]));
    for (const classes of [['no', 'yes'], ['a', 'b', 'c'], []]) {
      const names = predictionSchema(classes).columns.map(({ name }) => name);
      expect([...predictionTable(classes, []).columns.keys()]).toEqual(names);
    }
  });
});
