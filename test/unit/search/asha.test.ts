import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Asha, rungsOf } from '../../../src/search/asha.js';

describe('rungs', () => {
  it.each([
    [256, [28, 85]],
    [1500, [166, 500]],
    [9, [1, 3]],
    [3, [1]],
    [2, []],
    [1, []],
  ])('of %d epochs are %j', (total, expected) => {
    expect(rungsOf(total)).toEqual(expected);
  });

  it('follow the reduction factor', () => {
    expect(rungsOf(256, { reductionFactor: 4, minimumFraction: 1 / 64 })).toEqual([4, 16, 64]);
  });
});

describe('asynchronous successive halving', () => {
  it('lets the first trials go on until it knows enough, then the best third', () => {
    const asha = new Asha();
    const verdicts = [0.5, 0.9, 0.7, 0.4, 0.6, 0.95, 0.45].map((loss) => asha.report('g', { rung: 3, loss }));
    expect(verdicts).toEqual(['continue', 'continue', 'stop', 'continue', 'stop', 'stop', 'continue']);
  });

  it('never stops the best so far', () => {
    const asha = new Asha();
    for (let loss = 100; loss > 0; loss--) expect(asha.report('g', { rung: 1, loss })).toBe('continue');
  });

  it('lets about one in three of many pass each rung', () => {
    const asha = new Asha();
    const random = new Random(4);
    let passed = 0;
    for (let i = 0; i < 3000; i++) {
      if (asha.report('g', { rung: 1, loss: random.uniform() }) === 'continue') passed++;
    }
    expect(passed / 3000).toBeCloseTo(1 / 3, 1);
  });

  it('compares within a group and a rung only', () => {
    const asha = new Asha();
    for (const loss of [1, 2, 3]) asha.report('mlp 256', { rung: 28, loss });
    expect(asha.report('linear 1500', { rung: 28, loss: 9 })).toBe('continue');
    expect(asha.report('mlp 256', { rung: 85, loss: 9 })).toBe('continue');
    expect(asha.report('mlp 256', { rung: 28, loss: 9 })).toBe('stop');
  });

  it('stops a loss that is not a number, and goes on as before when restored', () => {
    const asha = new Asha();
    expect(asha.report('g', { rung: 1, loss: NaN })).toBe('stop');
    const again = new Asha();
    for (const loss of [0.1, 0.2, 0.3]) again.restore('g', { rung: 1, loss });
    expect(again.report('g', { rung: 1, loss: 0.25 })).toBe('stop');
    expect(again.report('g', { rung: 1, loss: 0.05 })).toBe('continue');
  });
});
