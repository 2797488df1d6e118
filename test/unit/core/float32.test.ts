import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import { shortestFloat32 } from '../../../src/core/float32.js';

describe('shortestFloat32', () => {
  it.each([
    [0.1, '0.1'],
    [-0.3, '-0.3'],
    [1 / 3, '0.33333334'],
    [123456.7, '123456.7'],
    [1e-7, '1e-7'],
    [3e38, '3e+38'],
  ])('prints %d as %s', (value, text) => {
    const printed = String(shortestFloat32(Math.fround(value)));
    expect(Math.fround(Number(printed))).toBe(Math.fround(value));
    if (Math.abs(value) < 1e21) expect(printed).toBe(text);
  });

  it('reads back as the same float32, and is at most 9 digits long where powers of ten are exact', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const short = shortestFloat32(value);
        expect(Math.fround(short)).toBe(value);
        if (!Number.isInteger(value) && Math.abs(value) > 1e-12) {
          const digits = short
            .toExponential()
            .replace(/^-|e.*$|\./g, '')
            .replace('.', '');
          expect(digits.length).toBeLessThanOrEqual(9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([NaN, Infinity, -Infinity, 0, 12])('leaves %d as it is', (value) => {
    expect(shortestFloat32(value)).toBe(value);
  });
});
