import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/core/json.js';
import { pointKey, type Point, type Space } from '../../../src/search/space.js';
import { RANDOM_TRIALS, suggest } from '../../../src/search/suggest.js';
import { randomPoint } from '../../../src/search/space.js';
import { Random } from '../../../src/core/random.js';

const number = (name: string, minimum: number, maximum: number, log = false): Space[number] => ({
  name,
  domain: { type: 'number', minimum, maximum, log },
  when: null,
});
const of = (point: Point, name: string): number => Number(point[name]);

/** Known functions with a known least value of 0, over spaces of every kind. */
const FUNCTIONS: Record<string, { space: Space; value: (point: Point) => number }> = {
  'a sphere in 4 dimensions': {
    space: ['a', 'b', 'c', 'd'].map((name) => number(name, -5, 5)),
    value: (point) => ['a', 'b', 'c', 'd'].reduce((sum, name) => sum + (of(point, name) - 1) ** 2, 0),
  },
  'the Branin function': {
    space: [number('x', -5, 10), number('y', 0, 15)],
    value: (point) => {
      const [x, y] = [of(point, 'x'), of(point, 'y')];
      const bowl = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
      return bowl ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10 - 0.39788735772973816;
    },
  },
  'a learning rate, a width and an activation': {
    space: [
      number('rate', 1e-5, 10, true),
      { name: 'width', domain: { type: 'integer', minimum: 1, maximum: 256, log: true }, when: null },
      { name: 'act', domain: { type: 'choice', choices: ['a', 'b', 'c', 'd'] }, when: null },
    ],
    value: (point) =>
      Math.log10(of(point, 'rate') / 0.03) ** 2 +
      (Math.log2(of(point, 'width') / 32) / 2) ** 2 +
      ['c', 'a', 'd', 'b'].indexOf(point['act'] as string),
  },
  'a choice of branches, each with its own parameters': {
    space: [
      { name: 'kind', domain: { type: 'choice', choices: ['u', 'v'] }, when: null },
      { ...number('u', -10, 10), when: { parameter: 'kind', equals: 'u' } },
      { ...number('v', -10, 10), when: { parameter: 'kind', equals: 'v' } },
      { ...number('w', 1e-4, 1, true), when: { parameter: 'kind', equals: 'v' } },
    ],
    value: (point) =>
      point['kind'] === 'u'
        ? 1 + of(point, 'u') ** 2
        : (of(point, 'v') - 3) ** 2 + Math.log10(of(point, 'w') / 0.01) ** 2,
  },
};

type Tried = { readonly point: Point; readonly value: number; readonly origin: string };

function searchByTpe({ space, value }: (typeof FUNCTIONS)[string], trials: number, seed: number): Tried[] {
  const tried: Tried[] = [];
  for (let begun = 0; begun < trials; begun++) {
    const suggestion = suggest(space, {
      defaults: [],
      begun,
      tried: tried.map(({ point }) => point),
      ranked: [...tried].sort((a, b) => a.value - b.value).map(({ point }) => point),
      pending: [],
      seed,
    });
    if (suggestion === undefined) break;
    tried.push({ ...suggestion, value: value(suggestion.point) });
  }
  return tried;
}

const best = (tried: readonly Tried[]): number => Math.min(...tried.map(({ value }) => value));
const median = (values: number[]): number =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

describe('the tree-structured Parzen estimator', () => {
  it.each(Object.entries(FUNCTIONS))('finds a lower value of %s than random search does', (_, problem) => {
    const seeds = Array.from({ length: 21 }, (__, seed) => seed);
    const tpe = seeds.map((seed) => best(searchByTpe(problem, 60, seed)));
    const random = seeds.map((seed) => {
      const generator = Random.of(seed, 'baseline');
      return Math.min(
        ...Array.from({ length: 60 }, () => problem.value(randomPoint(problem.space, generator))),
      );
    });
    expect(median(tpe)).toBeLessThan(median(random) / 2);
    expect(seeds.filter((seed) => (tpe[seed] as number) < (random[seed] as number)).length).toBeGreaterThan(
      14,
    );
  });

  it('suggests the same again from the same history', () => {
    const problem = FUNCTIONS['the Branin function'] as (typeof FUNCTIONS)[string];
    expect(searchByTpe(problem, 25, 5)).toEqual(searchByTpe(problem, 25, 5));
    expect(searchByTpe(problem, 25, 5)).not.toEqual(searchByTpe(problem, 25, 6));
    const origins = searchByTpe(problem, 25, 5).map(({ origin }) => origin);
    expect(origins.indexOf('tpe')).toBe(RANDOM_TRIALS);
    expect(origins.lastIndexOf('random')).toBe(RANDOM_TRIALS - 1);
  });
});

describe('suggestions', () => {
  const space: Space = [
    { name: 'a', domain: { type: 'choice', choices: [1, 2, 3, 4, 5, 6, 7] }, when: null },
    { name: 'b', domain: { type: 'choice', choices: ['x', 'y'] }, when: null },
  ];
  const history = {
    defaults: [{ a: 7, b: 'y' }],
    begun: 0,
    tried: [] as Point[],
    ranked: [] as Point[],
    pending: [] as Point[],
    seed: 1,
  };

  it('begin with the defaults, come never twice, and end when nothing is left', () => {
    const tried: Point[] = [];
    const origins: string[] = [];
    for (;;) {
      const next = suggest(space, { ...history, begun: tried.length, tried, ranked: tried });
      if (next === undefined) break;
      tried.push(next.point);
      origins.push(next.origin);
    }
    expect(tried).toHaveLength(14);
    expect(new Set(tried.map((point) => pointKey(point as Json))).size).toBe(14);
    expect(tried[0]).toEqual({ a: 7, b: 'y' });
    expect(origins.slice(0, 2)).toEqual(['default', 'random']);
  });
});
