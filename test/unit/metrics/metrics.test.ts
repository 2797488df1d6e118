import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import { AimaasError } from '../../../src/core/errors.js';
import {
  baselineScores,
  computeMetrics,
  defaultMetricNames,
  findMetric,
  metrics,
  metricsOf,
} from '../../../src/metrics/index.js';
import { ascendingOrder } from '../../../src/metrics/order.js';

const truth = Int32Array.from([0, 1, 1, 0]);
const scores = Float32Array.from([0.8, 0.2, 0.4, 0.6, 0.3, 0.7, 0.45, 0.55]);

describe('the registry', () => {
  it('has unique names, and shows a metric only for tasks it is for', () => {
    const names = metrics().map((metric) => metric.name);
    expect(new Set(names).size).toBe(names.length);
    for (const metric of metrics()) {
      expect(metric.tasks).toEqual(expect.arrayContaining([...metric.shownFor]));
      expect(metric.description).not.toMatch(/\.$/);
    }
  });

  it('holds the names scripts rely on', () => {
    const binary = metricsOf('binary').map((metric) => metric.name);
    const multiclass = metricsOf('multiclass').map((metric) => metric.name);
    const regression = metricsOf('regression').map((metric) => metric.name);
    const shared = [
      'accuracy',
      'balanced_accuracy',
      'log_loss',
      'roc_auc',
      'average_precision',
      'brier',
      'ece',
      'mcc',
    ];
    const averaged = ['precision', 'recall', 'f1'].flatMap((measure) =>
      ['macro', 'micro', 'weighted'].map((average) => `${measure}_${average}`),
    );
    expect(binary).toEqual(expect.arrayContaining([...shared, ...averaged, 'precision', 'recall', 'f1']));
    expect(multiclass).toEqual(expect.arrayContaining([...shared, ...averaged]));
    expect(multiclass).not.toContain('f1');
    expect(regression).toEqual(expect.arrayContaining(['mse', 'rmse', 'mae', 'mape', 'r2']));
  });

  it.each([
    ['acuracy', 'binary', 'Did you mean "accuracy"?'],
    ['f1', 'multiclass', 'Expected one of: f1_macro, f1_micro, f1_weighted'],
    ['r2', 'binary', 'not for a binary model'],
    ['accuracy', 'regression', 'not for a regression model'],
    ['', 'regression', 'Known: '],
    ['__proto__', 'binary', 'There is no metric "__proto__"'],
  ] as const)('refuses %j for %s and says what would do', (name, task, message) => {
    expect(() => findMetric(name, task)).toThrow(AimaasError);
    expect(() => findMetric(name, task)).toThrow(message);
    expect(() => computeMetrics(task, truth, scores, [name])).toThrow(message);
  });
});

describe('computeMetrics', () => {
  it('computes what is shown for the task unless told what', () => {
    expect(Object.keys(computeMetrics('binary', truth, scores)).sort()).toEqual(
      defaultMetricNames('binary').sort(),
    );
    expect(Object.keys(computeMetrics('binary', truth, scores, ['f1']))).toEqual(['f1']);
  });

  it.each(['binary', 'multiclass', 'regression'] as const)(
    'leaves everything out for no rows: %s',
    (task) => {
      const none = task === 'regression' ? new Float64Array(0) : new Int32Array(0);
      const names = metricsOf(task).map((metric) => metric.name);
      expect(computeMetrics(task, none, new Float32Array(0), names)).toEqual({});
    },
  );

  it.each([NaN, Infinity, -Infinity])('leaves everything out when a prediction is %s', (bad) => {
    const broken = scores.slice();
    broken[3] = bad;
    expect(computeMetrics('binary', truth, broken)).toEqual({});
    expect(computeMetrics('regression', Float64Array.of(1, 2), Float32Array.of(1, bad))).toEqual({});
  });

  it('leaves everything out when no row has weight', () => {
    const names = metricsOf('binary').map((metric) => metric.name);
    expect(computeMetrics('binary', truth, scores, names, new Float64Array(4))).toEqual({});
    const numbers = metricsOf('regression').map((metric) => metric.name);
    expect(
      computeMetrics(
        'regression',
        Float64Array.of(1, 2),
        Float64Array.of(1, 3),
        numbers,
        new Float32Array(2),
      ),
    ).toEqual({});
  });

  it('does not leave out predictions whose sum overflows', () => {
    const huge = Float64Array.of(1e308, 1e308);
    expect(computeMetrics('regression', huge, huge, ['mae'])).toEqual({ mae: 0 });
  });

  it('counts a row of weight 2 as two rows', () => {
    const weights = Float64Array.of(1, 2, 1, 3);
    const rows = [0, 1, 1, 2, 3, 3, 3];
    const names = metricsOf('binary').map((metric) => metric.name);
    const repeated = computeMetrics(
      'binary',
      Int32Array.from(rows, (row) => truth[row] ?? 0),
      Float32Array.from(rows.flatMap((row) => [...scores.slice(2 * row, 2 * row + 2)])),
      names,
    );
    const weighted = computeMetrics('binary', truth, scores, names, weights);
    for (const name of names) expect(weighted[name], name).toBeCloseTo(repeated[name] ?? NaN, 12);
  });

  it('leaves its inputs as they are', () => {
    const before = [truth.slice(), scores.slice()];
    computeMetrics('binary', truth, scores);
    expect([truth, scores]).toEqual(before);
  });

  it.each([
    ['too few probabilities', Int32Array.of(0, 1), new Float32Array(3), undefined],
    ['a class index out of range', Int32Array.of(0, 2), new Float32Array(4), undefined],
    ['a class index below 0', Int32Array.of(0, -1), new Float32Array(4), undefined],
    ['too few weights', Int32Array.of(0, 1), new Float32Array(4), new Float64Array(1)],
  ])('throws for %s', (_, labels, probabilities, weights) => {
    expect(() => computeMetrics('binary', labels, probabilities, ['accuracy'], weights)).toThrow(RangeError);
  });
});

describe('baselineScores', () => {
  it('answers the class frequencies of the training rows', () => {
    const target = { task: 'multiclass', column: 'y', classes: ['a', 'b', 'c'], counts: [1, 6, 3] } as const;
    expect([...baselineScores(target, 2)]).toEqual([0.1, 0.6, 0.3, 0.1, 0.6, 0.3]);
  });

  it('answers the frequencies by weight where rows have weights', () => {
    const target = {
      task: 'multiclass',
      column: 'y',
      classes: ['a', 'b', 'c'],
      counts: [1, 6, 3],
      weights: [5, 2, 1],
    } as const;
    expect([...baselineScores(target, 1)]).toEqual([0.625, 0.25, 0.125]);
  });

  it('answers the mean of the training rows', () => {
    const target = {
      task: 'regression',
      column: 'y',
      mean: 4.5,
      standardDeviation: 1,
      minimum: 0,
      maximum: 9,
    } as const;
    expect([...baselineScores(target, 3)]).toEqual([4.5, 4.5, 4.5]);
  });
});

describe('ascendingOrder', () => {
  const float = fc.double({ noNaN: true });
  it('sorts like a stable sort with a comparator, in both precisions', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(float, fc.constantFrom(0, -0, 1, -1, Infinity, -Infinity))), (list) => {
        for (const values of [Float64Array.from(list), Float32Array.from(list)]) {
          const expected = [...values.keys()].sort((a, b) => {
            const [x = 0, y = 0] = [values[a], values[b]];
            return x < y ? -1 : x > y ? 1 : a - b;
          });
          expect([...ascendingOrder(values)]).toEqual(expected);
        }
      }),
    );
  });
});
