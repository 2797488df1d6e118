import fc from '../../helpers/property.js';
import { describe, expect, test } from 'vitest';
import { isJsonObject, type Json, stableStringify } from '../../../src/core/json.js';

describe('stableStringify', () => {
  test('sorts the keys at every depth and keeps the order of lists', () => {
    expect(stableStringify({ b: [{ d: 1, c: null }, 'x'], a: true })).toBe(
      '{"a":true,"b":[{"c":null,"d":1},"x"]}',
    );
  });

  test('reads back as the same value, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        expect(JSON.parse(stableStringify(json))).toEqual(json);
        if (!isJsonObject(json)) return;
        const reversed = Object.fromEntries(Object.entries(json).reverse());
        expect(stableStringify(reversed)).toBe(stableStringify(json));
      }),
    );
  });
});
