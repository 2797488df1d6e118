import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fingerprints } from '../../../src/sources/fingerprint.js';
import { errorOf, Playground } from './helpers.js';

let place: Playground;

beforeAll(async () => {
  place = await Playground.make();
});
afterAll(() => place.dispose());

async function hasPlainNumbers(text: string): Promise<boolean> {
  const path = await place.file('numbers.csv', text);
  return (await new Fingerprints(join(place.path, 'cache')).of(path)).plainNumbers;
}

/** Files are read in pieces of a megabyte. */
const PIECE = 1 << 20;

describe('numbers of a file need no second look', () => {
  test.each([
    ['a header with underscores', 'number_of_rooms,y\n1,2\n', true],
    ['an underscore below the header', 'a,y\n1_0,2\n', false],
    ['an underscore in a file of one line', 'a_b', false],
    ['two signs', 'a,y\n+-1,2\n', false],
    ['signs apart', 'a,y\n+1,-2\n', true],
    ['an underscore far below', `a_b,y\n${'1,2\n'.repeat(PIECE)}1_0,2\n`, false],
    ['nothing odd far below', `a_b,y\n${'1,2\n'.repeat(PIECE)}`, true],
    ['two signs, one in each piece', `${'y\n'.padEnd(PIECE - 1, '1')}+-1\n`, false],
  ])('%s', async (_, text, expected) => {
    expect(await hasPlainNumbers(text)).toBe(expected);
  });
});

test('a number with an underscore or two signs is named wherever it stands', async () => {
  const rows = Array.from({ length: 21_000 }, (_, i) => `${i * 1.5},${i % 100}.5,level_${i % 3}`);
  for (const odd of ['1_000', '+-1']) {
    const text = ['a,b,c', ...rows, `1,${odd},level_1`].join('\n');
    const error = await errorOf(place.collect(await place.file('odd.csv', text)));
    expect(error.code).toBe('BAD_ROW');
    expect(error.message).toContain('21002');
    expect(error.message).toContain(odd);
  }
});
