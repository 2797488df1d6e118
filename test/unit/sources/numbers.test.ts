import { describe, expect, it } from 'vitest';
import { parseBoolean, parseNumber } from '../../../src/sources/cell.js';

describe('a cell of many megabytes', () => {
  const digits = '1'.repeat(4_000_000);

  it('is found to be no number in one pass', () => {
    for (const text of [`${digits}x`, `${digits}.${digits}x`, `.${digits}x`, `1e${digits}x`, `+${digits}.`]) {
      expect(parseNumber(text)).toBe(text.endsWith('x') ? undefined : Infinity);
    }
    const zeros = '0'.repeat(4_000_000);
    for (const text of [`${zeros}x`, `${zeros}.${zeros}x`, `${zeros}1.${zeros}x`]) {
      expect(parseBoolean(text)).toBeUndefined();
    }
  });
});
