import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { TensorData } from '../../src/core/tensor.js';
import { differences, makeInput, runOn, TESTED, traceCase, type Case } from './oracle.js';

/** Largest difference relative to the largest number, so that rounding in sums does not count against small ones. */
export function relativeError(actual: TensorData | undefined, expected: TensorData | undefined): number {
  const [a, b] = [actual?.data ?? [], expected?.data ?? []];
  expect(a.length).toBe(b.length);
  let [error, scale] = [0, 1e-3];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [Number(a[i]), Number(b[i])];
    if (Number.isNaN(y) ? Number.isNaN(x) : x === y) continue;
    error = Math.max(error, Number.isFinite(y) && Number.isFinite(x) ? Math.abs(x - y) : Infinity);
    if (Number.isFinite(y)) scale = Math.max(scale, Math.abs(y));
  }
  return error / scale;
}

/** Checks every case on every engine, and its gradients against differences. */
export function paritySuite(cases: readonly Case[]): void {
  for (const test of cases) {
    it(test.name, async () => {
      const inputs = Object.fromEntries(
        Object.entries(test.inputs).map(([name, spec]) => [name, makeInput(spec, `${test.name} ${name}`)]),
      );
      const { value, loss, gradients, wrt } = traceCase(test);
      const { y } = await runOn(TESTED, value, inputs);
      if (test.reference !== false) {
        const { y: expected } = await runOn('reference', value, inputs);
        expect(y?.shape).toEqual(expected?.shape);
        expect(y?.dtype).toBe(expected?.dtype);
        expect(relativeError(y, expected)).toBeLessThan(test.tolerance ?? 2e-6);
      }
      if (gradients === undefined) return;
      const grads = await runOn(TESTED, gradients, inputs);
      const oracle = await differences(test, loss);
      for (const name of wrt) {
        const gradient = grads[`d${name}`]?.data as Float32Array;
        const scale = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0)) + 1e-3;
        for (let trial = 0; trial < (gradient.length === 0 ? 0 : 2); trial++) {
          const random = Random.of(trial, `${test.name} direction`);
          const direction = Float64Array.from(gradient, () => random.normal());
          const expected = await oracle.along(inputs, name, direction);
          const actual = gradient.reduce((sum, g, i) => sum + g * (direction[i] ?? 0), 0);
          expect(Math.abs(actual - expected) / scale, `gradient for ${name}`).toBeLessThan(
            test.linear ? 1e-4 : 3e-5,
          );
        }
      }
      await oracle.dispose();
    });
  }
}
