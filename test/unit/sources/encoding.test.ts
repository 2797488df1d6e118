import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeText } from '../../../src/sources/text/decode.js';
import fc from '../../helpers/property.js';
import { all, errorOf, Playground } from './helpers.js';

let place: Playground;
beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    yield bytes.subarray(from, Math.max(from, cut));
    from = Math.max(from, cut);
  }
  yield bytes.subarray(from);
  await Promise.resolve();
}

describe('bytes that are not of the encoding', () => {
  test('are named by line and byte, wherever the text is cut', async () => {
    const letters = fc.constantFrom('a', 'é', '€', '𝄞', '\n');
    const text = fc.array(letters, { maxLength: 30 }).map((some) => some.join(''));
    const bad = fc.constantFrom(
      [0xe9],
      [0xe9, 0x74],
      [0xff],
      [0x80],
      [0xc3, 0x28],
      [0xe2, 0x82, 0x20],
      [0xe9, 0x0a],
    );
    const cuts = fc.array(fc.nat(120), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(text, bad, text, cuts, async (before, wrong, after, at) => {
        const bytes = Buffer.concat([Buffer.from(before), Buffer.from(wrong), Buffer.from(after)]);
        const error = await errorOf(all(decodeText(pieces(bytes, at), 'utf-8', 'x.csv')));
        const line = before.split('\n').length;
        const byte = Buffer.byteLength(before);
        expect(error.details).toMatchObject({ line, byte });
        expect(error.hint).toContain('--encoding latin1');
      }),
    );
  });

  test('are named far into a large file too, by collect', async () => {
    const rows = 'number,name\n' + '1,abcdefghij\n'.repeat(100_000);
    const path = await place.file('large.csv', Buffer.from(`${rows}2,caf\xe9\n3,x\n`, 'latin1'));
    const error = await errorOf(place.collect(path));
    expect(error.message).toContain(
      `line 100002: the bytes are not utf-8 text, from byte ${rows.length + 5} (0xE9) on`,
    );
    const { rows: read } = await place.rows(path, { encoding: 'latin1', only: ['name'] });
    expect(read[100_000]).toEqual({ name: 'café' });
  });

  test('have a hint of Latin-1 also where the file begins with what would be the mark of UTF-16', async () => {
    const text = Buffer.from('\xff\xfea,b\n1,x\n2,\xdc\xdc\xdc\xdc\n', 'latin1');
    const error = await errorOf(place.collect(await place.file('marked.csv', text)));
    expect(error.message).toContain('the bytes are not utf-16le text');
    expect(error.hint).toContain('latin1');
  });
});

test.each([
  ['gbk', [0xb3, 0xc7, 0xca, 0xd0], '城市'],
  ['shift_jis', [0x93, 0x73], '都'],
  ['windows-1251', [0xcc, 0xee], 'Мо'],
])('reads %s', async (encoding, bytes, name) => {
  const content = Buffer.concat([
    Buffer.from('n,'),
    Buffer.from(bytes),
    Buffer.from('\n1,'),
    Buffer.from(bytes),
  ]);
  const { rows } = await place.rows(await place.file(`${encoding}.csv`, content), { encoding });
  expect(rows).toEqual([{ n: 1, [name]: name }]);
});

test.each([
  ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n', 'utf16le'), '--encoding utf-16le'],
  ['UTF-16BE without a mark', Buffer.from('a,b\n1,2\n', 'utf16le').swap16(), '--encoding utf-16be'],
  ['text with a NUL', Buffer.from('a,caf\xe9\n1,\0\n', 'latin1'), '--encoding latin1'],
  ['text with a NUL in the right encoding', Buffer.from('a,b\n1,\0\n'), 'tr -d'],
])('the hint for %s', async (_, content, hint) => {
  const error = await errorOf(place.collect(await place.file('odd.csv', content)));
  expect(error.code).toBe('SOURCE_FORMAT');
  expect(error.hint).toContain(hint);
});
