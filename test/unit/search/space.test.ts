import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  axisOf,
  checkSpace,
  type Domain,
  fromUnit,
  randomPoint,
  type Space,
} from '../../../src/search/space.js';

const TREE: Space = [
  { name: 'family', domain: { type: 'choice', choices: ['linear', 'mlp'] }, when: null },
  {
    name: 'l2',
    domain: { type: 'number', minimum: 1e-3, maximum: 1e3, log: true },
    when: { parameter: 'family', equals: 'linear' },
  },
  {
    name: 'units',
    domain: { type: 'choice', choices: [[8], [16, 16]] },
    when: { parameter: 'family', equals: 'mlp' },
  },
  {
    name: 'size',
    domain: { type: 'integer', minimum: 1, maximum: 32, log: true },
    when: { parameter: 'family', equals: 'mlp' },
  },
];

describe('a space', () => {
  it('gives a point the parameters of its branch only, each in its domain', () => {
    const random = new Random(1);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const point = randomPoint(TREE, random);
      seen.add(Object.keys(point).join());
      if (point['family'] === 'linear') {
        expect(point['l2']).toBeGreaterThanOrEqual(1e-3);
        expect(point['l2']).toBeLessThanOrEqual(1e3);
      } else {
        expect([[8], [16, 16]]).toContainEqual(point['units']);
        expect(Number.isInteger(point['size'])).toBe(true);
      }
    }
    expect([...seen].sort()).toEqual(['family,l2', 'family,units,size']);
  });

  it('draws log domains by ratio', () => {
    const random = new Random(2);
    const domain: Domain = { type: 'number', minimum: 1e-4, maximum: 1, log: true };
    const below = Array.from({ length: 2000 }, () => Number(fromUnit(domain, random.uniform()))).filter(
      (value) => value < 1e-2,
    );
    expect(below.length / 2000).toBeCloseTo(0.5, 1);
  });

  it('gives whole numbers equal shares of a linear domain, ends included', () => {
    const domain: Domain = { type: 'integer', minimum: 3, maximum: 5, log: false };
    const drawn = Array.from({ length: 300 }, (_, i) => fromUnit(domain, i / 300));
    for (const value of [3, 4, 5]) expect(drawn.filter((other) => other === value)).toHaveLength(100);
  });

  it('decodes what it encodes, inside its bounds', () => {
    const bounds = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 0, max: 500 }));
    fc.assert(
      fc.property(bounds, fc.boolean(), fc.boolean(), fc.nat(500), ([minimum, width], whole, log, offset) => {
        const maximum = minimum + width;
        const axis = axisOf({ type: whole ? 'integer' : 'number', minimum, maximum, log });
        const value = Math.min(maximum, minimum + offset);
        expect(axis.decode(axis.encode(value))).toBeCloseTo(value, 8);
        expect(axis.decode(axis.low)).toBeGreaterThanOrEqual(minimum);
        expect(axis.decode(axis.high)).toBeLessThanOrEqual(maximum);
      }),
    );
  });

  it('survives JSON', () => {
    const again = JSON.parse(JSON.stringify(TREE)) as Space;
    expect(randomPoint(again, new Random(7))).toEqual(randomPoint(TREE, new Random(7)));
  });

  it.each([
    ['an empty choice', [{ name: 'a', domain: { type: 'choice', choices: [] }, when: null }]],
    [
      'a log range from 0',
      [{ name: 'a', domain: { type: 'number', minimum: 0, maximum: 1, log: true }, when: null }],
    ],
    [
      'a range upside down',
      [{ name: 'a', domain: { type: 'number', minimum: 2, maximum: 1, log: false }, when: null }],
    ],
    ['a name twice', [TREE[0], TREE[0]]],
    ['a child before its parent', [TREE[1], TREE[0]]],
  ] as [string, Space][])('refuses %s', (_, space) => {
    expect(() => checkSpace(space)).toThrow(RangeError);
  });
});
