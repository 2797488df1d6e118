import { describe, expect, test } from 'vitest';
import { formatAge, formatBytes, formatDuration, formatNumber, sparkline } from '../../../src/cli/format.js';
import { createStyle } from '../../../src/cli/style.js';
import { displayWidth, truncate, wrap } from '../../../src/cli/width.js';

test.each([
  [0, '0'],
  [1234567, '1,234,567'],
  [0.12345, '0.1235'],
  [-0.5, '-0.5000'],
  [12.3456789, '12.346'],
  [0.00001234, '1.234e-5'],
  [1e20, '100000000000000000000'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
])('number %d is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [1536, '1.5 KB'],
  [999_950, '1.0 MB'],
  [123_456_789, '123 MB'],
  [5e15, '5.0 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.04, '0.0 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [7800, '2 h 10 min'],
  [180_000, '2 d 2 h'],
  [Infinity, '?'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('ages', () => {
  const now = Date.parse('2026-01-10T00:00:00Z');
  expect(formatAge('2026-01-09T23:59:30Z', now)).toBe('just now');
  expect(formatAge('2026-01-09T23:00:00Z', now)).toBe('1 h ago');
  expect(formatAge('2026-01-01T00:00:00Z', now)).toBe('9 d ago');
  expect(formatAge('2026-01-11T00:00:00Z', now)).toBe('just now');
});

describe('sparkline', () => {
  test('goes from the lowest to the highest bar', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([3, 3, 3])).toBe('▁▁▁');
    expect(sparkline([1, NaN, 0])).toBe('█ ▁');
    expect(sparkline([NaN])).toBe('');
    expect(sparkline([9, 1, 0], 2)).toBe('█▁');
  });
});

describe('width', () => {
  test('wide characters take two cells, combining marks and colours none', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('价格')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('\u001b[31mred\u001b[0m')).toBe(3);
    expect(displayWidth('🎉')).toBe(2);
  });

  test('truncates by cells', () => {
    expect(truncate('abcdef', 4)).toBe('abc…');
    expect(truncate('价格数量', 5)).toBe('价格…');
    expect(truncate('abc', 3)).toBe('abc');
  });

  test('wraps at spaces', () => {
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('aaaaaaaa b', 3)).toEqual(['aaaaaaaa', 'b']);
  });
});

describe('tables', () => {
  test('numbers to the right, texts to the left, wide characters aligned', async () => {
    const style = await createStyle(false, 80);
    const table = style.table(
      ['列', 'rows', 'mixed'],
      [
        ['价格', 10, 'x'],
        ['id', 1234, null],
      ],
    );
    expect(table.split('\n')).toEqual(['列     rows  mixed', '价格     10  x', 'id    1,234  –']);
  });

  test('colours only where they are wanted', async () => {
    expect((await createStyle(false, 80)).red('x')).toBe('x');
    expect((await createStyle(true, 80)).red('x')).toBe('\u001b[31mx\u001b[39m');
  });
});
