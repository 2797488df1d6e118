import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/core/random.js';

/** xoshiro128** as in the reference C code of Blackman and Vigna, in 32-bit arithmetic of BigInt. */
function* reference(seed: readonly number[]): Generator<number> {
  const mask = 0xffffffffn;
  const s = seed.map(BigInt) as [bigint, bigint, bigint, bigint];
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask;
  for (;;) {
    yield Number((rotl((s[1] * 5n) & mask, 7n) * 9n) & mask);
    const t = (s[1] << 9n) & mask;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

describe('Random', () => {
  test('gives the numbers of the reference algorithm', () => {
    const state = [1, 2, 3, 4];
    const random = new Random(Uint32Array.from(state));
    const expected = reference(state);
    // First three by hand from the published code: rotl(2·5, 7)·9 = 11520, then 0, then 5927040.
    const first = [random.nextUint32(), random.nextUint32(), random.nextUint32()];
    expect(first).toEqual([11520, 0, 5927040]);
    for (let i = 0; i < 3; i++) expected.next();
    for (let i = 0; i < 1000; i++) expect(random.nextUint32()).toBe(expected.next().value);
  });

  test('same seed, same numbers; other seeds and purposes, others', () => {
    const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.nextUint32());
    expect(draw(new Random(7))).toEqual(draw(new Random(7)));
    expect(draw(new Random(7))).not.toEqual(draw(new Random(8)));
    expect(draw(Random.of(7, 'split'))).toEqual(draw(Random.of(7, 'split')));
    expect(draw(Random.of(7, 'split'))).not.toEqual(draw(Random.of(7, 'weights')));
  });

  test('goes on from a saved state', () => {
    const random = new Random(3);
    for (let i = 0; i < 10; i++) random.normal();
    const copy = new Random(random.save());
    expect(Array.from({ length: 20 }, () => copy.normal())).toEqual(
      Array.from({ length: 20 }, () => random.normal()),
    );
  });

  test('uniform is in [0, 1) with mean 1/2 and variance 1/12; normal has mean 0 and variance 1', () => {
    const random = new Random(1);
    const moments = (draw: () => number): { mean: number; variance: number; low: number; high: number } => {
      let [sum, squares, low, high] = [0, 0, Infinity, -Infinity];
      const n = 100_000;
      for (let i = 0; i < n; i++) {
        const x = draw();
        sum += x;
        squares += x * x;
        low = Math.min(low, x);
        high = Math.max(high, x);
      }
      return { mean: sum / n, variance: squares / n - (sum / n) ** 2, low, high };
    };
    const uniform = moments(() => random.uniform());
    // Five standard errors of the mean and of the variance.
    expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 100_000));
    expect(Math.abs(uniform.variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 100_000));
    expect(uniform.low).toBeGreaterThanOrEqual(0);
    expect(uniform.high).toBeLessThan(1);
    const normal = moments(() => random.normal());
    expect(Math.abs(normal.mean)).toBeLessThan(5 / Math.sqrt(100_000));
    expect(Math.abs(normal.variance - 1)).toBeLessThan(5 * Math.sqrt(2 / 100_000));
  });

  test('a permutation holds every index once, and every order of three comes up as often', () => {
    const random = new Random(5);
    expect([...random.permutation(1000)].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
    expect([...random.permutation(0)]).toEqual([]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.permutation(3).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 each expected; five standard deviations of the binomial are 144.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
  });
});
