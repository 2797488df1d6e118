import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

const read = (name: string): Promise<string> => readFile(join(folder.path, name), 'utf8');
const write = (name: string, text: string): Promise<void> => writeFile(join(folder.path, name), text);

describe('init', () => {
  test('an empty folder gets a file with everything as a comment, which is valid', async () => {
    const { code, stdout } = await runCli(['init'], { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout).toContain('Wrote aimaas.yaml.');
    const text = await read('aimaas.yaml');
    expect(text).toMatch(/^# yaml-language-server: \$schema=.*aimaas\.schema\.json$/m);
    expect(parse(text)).toBeNull();
    expect(await read('.gitignore')).toMatch(/^\.aimaas\/$/m);
    expect((await runCli(['status'], { cwd: folder.path })).code).toBe(0);
  });

  test('finds the largest data file and checks the target', async () => {
    await write('small.csv', 'a,b\n1,2\n');
    await mkdir(join(folder.path, 'data'));
    await write('data/big.tsv', 'rooms\tprice (€)\n1\t2\n'.repeat(100));
    await write('package.json', '{}');
    const wrong = await runCli(['init', '--target', 'price'], { cwd: folder.path });
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain('data/big.tsv has no column "price".');
    const misspelt = await runCli(['init', '--target', 'romms'], { cwd: folder.path });
    expect(misspelt.stderr).toContain('hint: aimaas init --target rooms');
    const result = await runJson(['init', '--target', 'price (€)'], { cwd: folder.path });
    expect(result).toMatchObject({
      schemaVersion: 1,
      dataFiles: ['data/big.tsv', 'small.csv'],
      columns: ['rooms', 'price (€)'],
      target: 'price (€)',
    });
    expect(parse(await read('aimaas.yaml'))).toEqual({
      collect: { sources: 'data/big.tsv', target: 'price (€)' },
    });
  });

  test.each([
    ['semicolons and a byte order mark', '\ufeffa;b;c\n1;2;3\n', ['a', 'b', 'c']],
    ['quoted names', '"x, y","say ""hi""",价格\n1,2,3\n', ['x, y', 'say "hi"', '价格']],
    ['an empty file', '', []],
  ])('columns of %s', async (_, text, columns) => {
    await write('data.csv', text);
    expect(await runJson(['init'], { cwd: folder.path })).toMatchObject({ columns });
  });

  test('file names that YAML would misread are quoted', async () => {
    await write('no.csv', 'a\n1\n');
    await write("it's: #1 [x].csv", 'a\n'.repeat(50));
    await runCli(['init'], { cwd: folder.path });
    expect(parse(await read('aimaas.yaml'))).toEqual({ collect: { sources: "it's: #1 [x].csv" } });
  });

  test('a file in place of the folder is refused with the command that is meant', async () => {
    await mkdir(join(folder.path, 'data'));
    await write('data/a.csv', 'a\n1\n');
    const { code, stderr } = await runCli(['init', 'data/a.csv'], { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toContain('data/a.csv is a file; init takes the folder of a project.');
    expect(stderr).toContain('hint: aimaas init data ');
  });

  test('where nothing can be written another folder is recommended, not another workspace', async () => {
    await mkdir(join(folder.path, 'aimaas.yaml'));
    const { code, stderr } = await runCli(['init', '--force'], { cwd: folder.path });
    expect(code).toBe(4);
    expect(stderr).toContain('aimaas init DIR');
    expect(stderr).not.toContain('--workspace');
  });

  test('never replaces a file without --force', async () => {
    await write('aimaas.yaml', 'train:\n  epochs: 3\n');
    const refused = await runCli(['init'], { cwd: folder.path });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('aimaas init --force');
    expect(await read('aimaas.yaml')).toBe('train:\n  epochs: 3\n');
    expect((await runCli(['init', '--force'], { cwd: folder.path })).code).toBe(0);
    expect(await read('aimaas.yaml')).not.toContain('epochs: 3');
  });

  test('works beside a file that is broken', async () => {
    await write('aimaas.yaml', 'nonsense: [');
    expect((await runCli(['init', '--force'], { cwd: folder.path })).code).toBe(0);
  });

  test('makes the folder, extends .gitignore once, and -q prints the path', async () => {
    const first = await runCli(['init', 'new/project', '-q'], { cwd: folder.path });
    expect(first.stdout).toBe(`${join(folder.path, 'new', 'project', 'aimaas.yaml')}\n`);
    await write('new/project/.gitignore', 'node_modules');
    await runCli(['init', 'new/project', '--force'], { cwd: folder.path });
    await runCli(['init', 'new/project', '--force'], { cwd: folder.path });
    expect(await read('new/project/.gitignore')).toBe('node_modules\n.aimaas/\n');
  });
});

test('every setting that is explained is one that there is: uncommented keys pass the schema', async () => {
  await runCli(['init'], { cwd: folder.path });
  const text = await read('aimaas.yaml');
  // "#   epochs: N" → "  epochs:": a key without a value is not set, but must exist.
  const uncommented = text
    .split('\n')
    .filter((line) => /^# ( {2}[a-z_0-9]+:|[a-z_]+:)/.test(line))
    .map((line) => line.slice(2).replace(/:.*$/, ':'));
  expect(uncommented.length).toBeGreaterThan(20);
  await write('aimaas.yaml', uncommented.join('\n'));
  const { code, stderr } = await runCli(['runs', 'list'], { cwd: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
