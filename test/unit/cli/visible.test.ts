import { describe, expect, test } from 'vitest';
import { createStyle } from '../../../src/cli/style.js';
import { visible, visibleLines } from '../../../src/cli/visible.js';

describe('names and values with control characters', () => {
  test.each([
    ['two\nlines', 'two\\nlines'],
    ['a\r\n\tb', 'a\\r\\n\\tb'],
    ['\u001b[2Jgone', '\\u001b[2Jgone'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u0085\u2028', '\\u0085\\u2028'],
    ['Größe 城市 \\n', 'Größe 城市 \\n'],
  ])('%j is shown on one line', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('lines and colours of a message stay', () => {
    expect(visibleLines('one\n\u001b[31mtwo\u001b[39m\u0007')).toBe('one\n\u001b[31mtwo\u001b[39m\\u0007');
  });

  test('a row of a table is a line', async () => {
    const style = await createStyle(false, 80);
    expect(
      style.table(
        ['na\nme', 'value'],
        [
          ['a\nb', 1],
          ['c', 22],
        ],
      ),
    ).toBe(['na\\nme  value', 'a\\nb        1', 'c          22'].join('\n'));
  });
});
