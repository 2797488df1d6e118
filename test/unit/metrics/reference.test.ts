import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { computeMetrics, metricsOf, rowsOf } from '../../../src/metrics/index.js';
import { ClassificationRows } from '../../../src/metrics/classification-rows.js';
import type { TaskKind } from '../../../src/core/task-kind.js';

type Case = {
  readonly name: string;
  readonly task: TaskKind;
  readonly truth: readonly number[];
  readonly scores: readonly number[];
  readonly weights: readonly number[] | null;
  readonly expected: Readonly<Record<string, number | null>>;
  readonly confusion?: readonly number[];
};

/** scikit-learn's figures; see metrics.py beside the file. */
const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/metrics.json', import.meta.url), 'utf8'),
) as readonly Case[];

function inputs(one: Case) {
  return {
    truth: one.task === 'regression' ? Float64Array.from(one.truth) : Int32Array.from(one.truth),
    scores: Float64Array.from(one.scores),
    weights: one.weights === null ? undefined : Float64Array.from(one.weights),
  };
}

describe.each(cases)('$task: $name', (one) => {
  const { truth, scores, weights } = inputs(one);
  const names = metricsOf(one.task).map((metric) => metric.name);

  it('covers every metric of the task', () => {
    expect(Object.keys(one.expected).sort()).toEqual([...names].sort());
  });

  it('agrees with scikit-learn', () => {
    const values = computeMetrics(one.task, truth, scores, names, weights);
    for (const [name, expected] of Object.entries(one.expected)) {
      if (expected === null) expect(values, name).not.toHaveProperty(name);
      else expect(relativeDifference(values[name], expected), name).toBeLessThan(1e-11);
    }
  });

  it('gives the same for probabilities in single precision, but for rounding', () => {
    const values = computeMetrics(one.task, truth, Float32Array.from(scores), names, weights);
    for (const [name, expected] of Object.entries(one.expected)) {
      // Rounding can cross the border of a calibration bin, and moves the clip of the logarithm.
      if (expected === null || name === 'ece' || name === 'log_loss') continue;
      expect(relativeDifference(values[name], expected), name).toBeLessThan(1e-5);
    }
  });

  it.runIf(one.confusion !== undefined)('has the same confusion matrix', () => {
    const rows = rowsOf(one.task, truth, scores, weights);
    expect(rows).toBeInstanceOf(ClassificationRows);
    const { confusion } = rows as ClassificationRows;
    confusion.forEach((weight, cell) => expect(weight).toBeCloseTo(one.confusion?.[cell] ?? NaN, 9));
  });
});

function relativeDifference(actual: number | undefined, expected: number): number {
  if (actual === undefined) return Infinity;
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}
