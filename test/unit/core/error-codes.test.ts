import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ERROR_CODES, EXIT } from '../../../src/core/error-codes.js';

interface Documented {
  readonly exit: number;
  readonly meaning: string;
}

/** The codes of docs/errors.md: a heading each, under the heading of its exit code, with the meaning as first paragraph. */
async function documentedCodes(): Promise<Record<string, Documented>> {
  const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const found: Record<string, Documented> = {};
  for (const group of text.split(/^## Exit code /m).slice(1)) {
    const exit = Number.parseInt(group, 10);
    for (const section of group.split(/^### /m).slice(1)) {
      const [code = '', meaning = ''] = section.split('\n\n');
      found[code.trim()] = { exit, meaning: meaning.replace(/\s+/g, ' ').trim() };
    }
  }
  return found;
}

test('docs/errors.md and the table of codes say the same, in both directions', async () => {
  expect(await documentedCodes()).toEqual(ERROR_CODES);
});

test('every exit code is explained in the table of docs/errors.md', async () => {
  const text = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+)\s+\|/gm)].map((match) => Number(match[1]));
  expect(rows).toEqual(Object.values(EXIT));
});
