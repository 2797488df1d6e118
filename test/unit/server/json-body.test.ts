import { describe, expect, it } from 'vitest';
import { parseExactly, parseJson, quote } from '../../../src/server/json-body.js';
import fc from '../../helpers/property.js';

const read = (text: string): unknown => parseJson(Buffer.from(text));

/** Lists in lists, `depth` of them. */
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('the JSON of a request', () => {
  it('reads what every JSON parser reads', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(read(text)).toEqual(JSON.parse(text));
        expect(parseExactly(Buffer.from(text))).toEqual(exact(JSON.parse(text)));
      }),
    ));

  it('reads the number words of Python, and leaves them alone in strings', () => {
    expect(read('[NaN, -Infinity,Infinity, "NaN", "\\"NaN", {"NaN":NaN}]')).toEqual([
      null,
      -Infinity,
      Infinity,
      'NaN',
      '"NaN',
      { NaN: null },
    ]);
    for (const wrong of ['[toString]', '[NaNa]', 'NaN NaN', '{"a":NaN', '"NaN']) {
      expect(() => read(wrong)).toThrow('JSON Parse error');
    }
  });

  it('passes over a byte order mark', () => {
    expect(read('\uFEFF{"a":1}')).toEqual({ a: 1 });
    expect(() => read('\uFEFF')).toThrow('JSON Parse error');
  });

  it('reads strings of many megabytes and of many backslashes in one pass', () => {
    const long = 'x'.repeat(15_000_000);
    expect(read(`{"a":"${long}","b":NaN}`)).toEqual({ a: long, b: null });
    expect(() => read(`{"a":"${'\\"'.repeat(4_000_000)}`)).toThrow('JSON Parse error');
  });

  it('takes 100 levels of nesting and no more, however long the text', () => {
    expect(() => read(nested(100))).not.toThrow();
    expect(() => read(`{"a":[${`${nested(98)},`.repeat(2000)}"${'['.repeat(200)}"]}`)).not.toThrow();
    for (const text of [
      nested(101),
      nested(5000),
      nested(4_000_000),
      '['.repeat(8_000_000),
      `${'{"a":'.repeat(200)}NaN${'}'.repeat(200)}`,
      `[${'[1],'.repeat(60_000)}${nested(100)}]`,
    ]) {
      expect(() => read(text)).toThrow('deeper than 100 levels');
    }
  });

  it('can be read with whole numbers of any size, wherever they are', () => {
    const text =
      '{"a":[9007199254740993,-9007199254740993,9007199254740991,1e18,1.5,1e400,NaN,"9007199254740993"]}';
    expect(parseExactly(Buffer.from(text))).toEqual({
      a: [
        9007199254740993n,
        -9007199254740993n,
        9007199254740991,
        10n ** 18n,
        1.5,
        Infinity,
        null,
        '9007199254740993',
      ],
    });
  });
});

/** The whole numbers that a double does not hold exactly as bigints. */
function exact(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return BigInt(value);
  if (Array.isArray(value)) return value.map(exact);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, exact(part)]));
}

describe('a value in an error message', () => {
  it('is told as JSON, of which it shows a line', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(quote(value)).toBe(text.length > 200 ? `${text.slice(0, 200)}…` : text);
      }),
    ));

  it('can be anything', () => {
    const deep = JSON.parse(nested(100_000)) as unknown;
    expect(quote(deep)).toBe(`${'['.repeat(200)}…`);
    expect(quote({ deep })).toHaveLength(201);
    expect(quote(undefined)).toBe('undefined');
    expect(quote([1n, undefined, { a: undefined, b: 2 }])).toBe('[1,null,{"b":2}]');
    expect(quote('x'.repeat(15_000_000))).toHaveLength(201);
  });
});
