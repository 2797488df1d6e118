import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContext, run } from '../../src/index.js';
import { temporaryFolder } from '../helpers/cli.js';

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await cp(file('examples/penguins/penguins.csv'), join(folder.path, 'penguins.csv'));
});
afterEach(() => folder.dispose());

describe('the importable API', () => {
  it('does what the README shows', async () => {
    const readme = await readFile(file('README.md'), 'utf8');
    const example = /```ts\n(import \{[^`]*from 'aimaas';[^]*?)```/.exec(readme)?.[1] ?? '';
    expect(example).toContain('await run(');
    const module = new URL('../../dist/index.js', import.meta.url).href;
    await writeFile(join(folder.path, 'example.mjs'), example.replace("'aimaas'", JSON.stringify(module)));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['example.mjs'], {
      cwd: folder.path,
    });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^penguins\/1 (?:0\.9\d+|1)\n$/), '']);
    const predictions = await readFile(join(folder.path, 'predictions.csv'), 'utf8');
    expect(predictions.trimEnd().split('\n')).toHaveLength(345);
  }, 120_000);

  it('run gives what every step found, does nothing twice, and stops at a threshold', async () => {
    const context = createContext({ workspace: join(folder.path, 'workspace') });
    const options = {
      sources: [join(folder.path, 'penguins.csv')],
      target: 'species',
      train: { model: 'linear', epochs: 20 },
    };
    const strict = await run({ ...options, evaluate: { failUnder: ['accuracy=1.1'] } }, context);
    expect(strict).toMatchObject({
      model: null,
      export: null,
      failure: { step: 'evaluate', exitCode: 5, message: expect.stringContaining('under 1.1') as string },
    });
    const first = await run(options, context);
    expect(first).toMatchObject({
      schemaVersion: 1,
      failure: null,
      collect: { id: strict.collect?.id, upToDate: true },
      train: { run: strict.train?.run, upToDate: true },
      export: { name: 'penguins', version: 1, upToDate: false },
      model: { name: 'penguins', version: 1 },
    });
    const again = await run(options, context);
    expect(again.export).toEqual({ ...first.export, upToDate: true });
    const other = await run({ ...options, train: { ...options.train, epochs: 21 }, until: 'train' }, context);
    expect(other).toMatchObject({ model: null, evaluate: null, failure: null });
    expect(other.train?.run).not.toBe(first.train?.run);
    const missing = run({ ...options, sources: ['nowhere.csv'] }, context);
    await expect(missing).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND', exitCode: 3 });
  }, 120_000);
});
