import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import type { Quota } from '../../../src/core/api-key.js';
import { type Demand, Limits, startOf, type Used } from '../../../src/server/access/limits.js';

const START = Date.UTC(2026, 0, 31, 23, 0, 0);
const HOUR = 3_600_000;

type Key = Demand['key'];
const keyWith = (changes: Partial<Key>): Key => ({ id: 'k', rateLimit: null, quotas: [], ...changes });

/** A keeper whose clock the test moves. */
function keeper(elsewhere?: (period: string) => Used) {
  let now = START;
  const limits = new Limits(
    elsewhere === undefined ? undefined : (_, period) => elsewhere(period),
    () => now,
  );
  return { limits, pass: (milliseconds: number) => void (now += milliseconds) };
}

describe('a rate limit', () => {
  it('never lets more through in any window than a bucket and what flows into it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 }),
        (requests, seconds, pauses) => {
          const { limits, pass } = keeper();
          const key = keyWith({ rateLimit: { requests, seconds } });
          const taken: number[] = [];
          let now = 0;
          for (const pause of pauses) {
            pass(pause);
            now += pause;
            if (limits.take({ key, rows: 1 }).refused === undefined) taken.push(now);
          }
          for (const [i, from] of taken.entries()) {
            for (const [j, to] of taken.entries()) {
              if (j < i) continue;
              const most = requests + ((to - from) / 1000) * (requests / seconds);
              expect(j - i + 1).toBeLessThanOrEqual(most + 1e-6);
            }
          }
        },
      ),
    );
  });

  it('says when to try again, and is right', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 3600 }), (requests, seconds) => {
        const { limits, pass } = keeper();
        const demand = { key: keyWith({ rateLimit: { requests, seconds } }), rows: 1 };
        for (let i = 0; i < requests; i++) expect(limits.take(demand).refused).toBeUndefined();
        const { refused } = limits.take(demand);
        expect(refused?.name).toBe('rate');
        pass((refused?.retryAfter ?? 0) * 1000);
        expect(limits.take(demand).refused).toBeUndefined();
      }),
    );
  });

  it('does not fill when the clock is set back', () => {
    const { limits, pass } = keeper();
    const demand = { key: keyWith({ rateLimit: { requests: 1, seconds: 10 } }), rows: 1 };
    expect(limits.take(demand).refused).toBeUndefined();
    pass(-HOUR);
    expect(limits.take(demand).refused).toBeDefined();
    pass(10_000);
    expect(limits.take(demand).refused).toBeUndefined();
  });
});

describe('a quota', () => {
  const rows: Quota = { unit: 'rows', period: 'day', limit: 100 };

  it('is never exceeded by what was taken and not given back', () => {
    const step = fc.record({ rows: fc.integer({ min: 0, max: 60 }), answered: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 120 }), (steps, before) => {
        const { limits } = keeper(() => ({ rows: before, requests: 0 }));
        const key = keyWith({ quotas: [rows] });
        let used = before;
        for (const { rows: asked, answered } of steps) {
          const { refused, limits: states } = limits.take({ key, rows: asked });
          expect(refused !== undefined).toBe(used + asked > 100);
          if (refused !== undefined) continue;
          used += asked;
          expect(states[0]?.remaining).toBe(100 - used);
          if (!answered) {
            limits.giveBack({ key, rows: asked });
            used -= asked;
          }
        }
      }),
    );
  });

  it('begins anew at midnight, and a monthly one at the end of the month (UTC)', () => {
    const { limits, pass } = keeper();
    const monthly: Quota = { unit: 'requests', period: 'month', limit: 2 };
    const demand = { key: keyWith({ quotas: [rows, monthly] }), rows: 100 };
    expect(limits.take(demand).refused).toBeUndefined();
    expect(limits.take({ ...demand, rows: 0 }).refused).toBeUndefined();
    expect(limits.take({ ...demand, rows: 0 }).refused).toEqual({
      name: 'requests-per-month',
      retryAfter: 3600,
    });
    pass(HOUR);
    expect(limits.take(demand).refused).toBeUndefined();
    expect(limits.take(demand).refused).toEqual({ name: 'rows-per-day', retryAfter: 86_400 });
    expect(startOf('month', START)).toBe(Date.UTC(2026, 0, 1));
  });

  it('refuses whole what is more than is left, and takes nothing then', () => {
    const { limits } = keeper();
    const key = keyWith({ quotas: [rows] });
    expect(limits.take({ key, rows: 101 }).refused).toBeDefined();
    expect(limits.take({ key, rows: 100 }).refused).toBeUndefined();
  });

  it('does not go below nothing when more is given back than was taken since midnight', () => {
    const { limits, pass } = keeper();
    const key = keyWith({ quotas: [rows] });
    limits.take({ key, rows: 50 });
    pass(HOUR);
    limits.giveBack({ key, rows: 50 });
    expect(limits.take({ key, rows: 0 }).limits[0]?.remaining).toBe(100);
  });
});
