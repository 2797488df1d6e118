import { describe, expect, it } from 'vitest';
import { engine } from '../../../src/engines/index.js';
import { randomDraws, randomOffsets, randomPool, type RandomDraws } from '../../../src/graph/random.js';
import { randomNormal, randomUniform } from '../../../src/graph/random-op.js';
import { trace } from '../../../src/graph/trace.js';
import { tf } from './helpers.js';

async function draw(
  graph: ReturnType<typeof trace>,
  seed: number,
  step: number,
): Promise<Record<string, Float32Array>> {
  const draws = randomDraws(graph) as RandomDraws;
  const executable = await (await engine('onnxruntime')).compile(graph, {});
  const results = await executable.run({
    randomPool: randomPool(seed, draws),
    randomOffsets: randomOffsets(seed, step, draws),
  });
  await executable.dispose();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('traced random numbers', () => {
  it('are uniform, differ between draws, steps and seeds, and repeat for the same', async () => {
    const graph = trace(() => ({ a: randomUniform([100, 200]), b: randomUniform([100, 200]) }), {});
    const { a, b } = await draw(graph, 1, 0);
    expect(Math.min(...(a ?? []))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...(a ?? []))).toBeLessThan(1);
    // Standard error of the mean of 20,000 uniform numbers is 0.002.
    expect(Math.abs(mean(a as Float32Array) - 0.5)).toBeLessThan(0.01);
    expect(a).not.toEqual(b);
    expect((await draw(graph, 1, 0))['a']).toEqual(a);
    expect((await draw(graph, 1, 1))['a']).not.toEqual(a);
    expect((await draw(graph, 2, 0))['a']).not.toEqual(a);
  });

  it('are normal where normal numbers are asked for', async () => {
    const graph = trace(() => ({ a: randomNormal([200, 200]) }), {});
    const a = (await draw(graph, 5, 3))['a'] as Float32Array;
    expect(a.every(Number.isFinite)).toBe(true);
    expect(Math.abs(mean(a))).toBeLessThan(0.03);
    expect(Math.abs(mean(a.map((x) => x * x)) - 1)).toBeLessThan(0.05);
    expect(Math.abs(mean(a.map((x) => x ** 3)))).toBeLessThan(0.15);
  });

  it('drop and scale as tf.dropout does', async () => {
    const module = await import('node:module');
    const core = module.createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof tf;
    const graph = trace(() => ({ a: core.dropout(tf.ones([300, 100]), 0.3) }), {});
    const a = (await draw(graph, 5, 3))['a'] as Float32Array;
    const kept = a.filter((value) => value > 0);
    expect(Math.abs(kept.length / a.length - 0.7)).toBeLessThan(0.02);
    expect(kept[0]).toBeCloseTo(1 / 0.7, 6);
  });

  it('have a pool that holds the largest draw several times', () => {
    const small = randomDraws(trace(() => ({ a: randomUniform([3]) }), {}));
    expect(small).toEqual({ count: 1, poolSize: 2 ** 20, largest: 3 });
    const large = randomDraws(trace(() => ({ a: randomUniform([2 ** 19]), b: randomUniform([2]) }), {}));
    expect(large).toEqual({ count: 2, poolSize: 2 ** 21, largest: 2 ** 19 });
    expect(
      randomDraws(trace(({ x }) => ({ y: tf.neg(x as tf.Tensor) }), { x: { shape: [1] } })),
    ).toBeUndefined();
    expect(randomUniformOfNothing()).toEqual([0]);
  });
});

function randomUniformOfNothing(): number[] {
  let shape: number[] = [];
  trace(() => {
    const empty = randomUniform([0]);
    shape = empty.shape;
    return { empty };
  }, {});
  return shape;
}
