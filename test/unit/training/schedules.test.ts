import { describe, expect, it } from 'vitest';
import { fade, FIRST_PLATEAU, observePlateau, scheduleNamed } from '../../../src/training/schedules.js';

describe('learning-rate schedules', () => {
  const at = (name: string, step: number, warmup = 0): number => scheduleNamed(name, warmup)(step, 100);

  it('are what their definitions say', () => {
    expect(at('constant', 70)).toBe(1);
    expect([at('step', 49), at('step', 50), at('step', 75)]).toEqual([1, 0.1, 0.01]);
    expect(at('cosine', 0)).toBe(1);
    expect(at('cosine', 50)).toBeCloseTo(0.5);
    expect(at('one_cycle', 0)).toBeCloseTo(0.04);
    expect(at('one_cycle', 30)).toBeCloseTo(1);
    expect(at('coslog4', 0)).toBeCloseTo(0);
    // The first wave ends where log2(1 + 15t) = 1, at t = 1/15.
    expect(scheduleNamed('coslog4', 0)(10, 300)).toBeCloseTo(
      0.5 * (1 - Math.cos(2 * Math.PI * Math.log2(1.5))),
    );
  });

  it('warm up linearly and then run their whole course', () => {
    expect([at('cosine', 0, 10), at('cosine', 9, 10), at('cosine', 10, 10)]).toEqual([0.1, 1, 1]);
  });

  it('lower the rate to a fifth after five evaluations without improvement', () => {
    let state = observePlateau(FIRST_PLATEAU, 1);
    for (let i = 0; i < 4; i++) state = observePlateau(state, 1.5);
    expect(state.scale).toBe(1);
    state = observePlateau(state, 1.5);
    expect(state.scale).toBeCloseTo(0.2);
    expect(observePlateau(state, 0.5)).toMatchObject({ best: 0.5, since: 0 });
  });

  it('fade from one to nothing', () => {
    expect([fade(0.2, 0.5), fade(0.75, 0.5), fade(0.9, 1)]).toEqual([1, expect.closeTo(0.5), 1]);
  });

  it('refuse a name that is none', () => {
    expect(() => scheduleNamed('cosin', 0)).toThrow('Did you mean "cosine"?');
  });
});
