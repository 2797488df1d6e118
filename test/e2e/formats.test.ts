import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runJson, temporaryFolder } from '../helpers/cli.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let blocks: { readonly language: string; readonly code: string }[];

beforeAll(async () => {
  folder = await temporaryFolder();
  const options = { cwd: folder.path };
  await runJson(['collect', join(ROOT, 'examples/penguins/penguins.csv'), '--target', 'species'], options);
  await runJson(['preprocess'], options);
  await runJson(['train', '--model', 'linear'], options);
  await runJson(['export', '--name', 'penguins', '--output', 'penguins-model'], options);
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  const text = await readFile(join(ROOT, 'docs/formats.md'), 'utf8');
  blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language = '', code = '']) => ({
    language,
    code,
  }));
});
afterAll(() => folder.dispose());

it('the JavaScript of docs/formats.md runs as it stands', async () => {
  const scripts = blocks.filter(({ language }) => language === 'js');
  expect(scripts).toHaveLength(2);
  for (const [i, { code }] of scripts.entries()) {
    await writeFile(join(folder.path, `${i}.mjs`), code);
    const { stdout } = await run(process.execPath, [`${i}.mjs`], { cwd: folder.path });
    expect(stdout).toMatch(/'Gentoo', '(Adelie|Chinstrap)'/);
  }
});

it('the JavaScript of the README in the bundle runs with the model beside it', async () => {
  const readme = await readFile(join(folder.path, 'penguins-model', 'README.md'), 'utf8');
  const [, code = ''] = /^```js\n(.*?)^```/ms.exec(readme) ?? [];
  const [, loader = ''] =
    /(async function fromFolder.*?^})/ms.exec(blocks.map((block) => block.code).join('\n')) ?? [];
  const local = code.replace(
    "'https://example.com/tfjs/model.json'",
    "await fromFolder('penguins-model/tfjs')",
  );
  await writeFile(
    join(folder.path, 'readme.mjs'),
    `import * as tf from '@tensorflow/tfjs';\n${local}\n${loader}\n`,
  );
  const { stdout } = await run(process.execPath, ['readme.mjs'], { cwd: folder.path });
  expect(stdout).toMatch(/label \[ '(Adelie|Chinstrap|Gentoo)' \]\nprobabilities \[ \[/);
});

it('the hashes of a copy are verified as docs/formats.md says', async () => {
  const script = blocks.find(({ language, code }) => language === 'sh' && code.startsWith('node -e'));
  const { stdout } = await run('sh', ['-c', script?.code ?? ''], { cwd: folder.path });
  const { files } = JSON.parse(
    await readFile(join(folder.path, 'penguins-model', 'manifest.json'), 'utf8'),
  ) as { files: Record<string, unknown> };
  expect(stdout.trim().split('\n').sort()).toEqual(
    Object.keys(files)
      .map((path) => `ok ${path}`)
      .sort(),
  );
  expect(stdout).not.toMatch(/DAMAGED/);
  await writeFile(join(folder.path, 'penguins-model', 'onnx', 'model.onnx'), 'x');
  const damaged = await run('sh', ['-c', script?.code ?? ''], { cwd: folder.path });
  expect(damaged.stdout).toMatch(/DAMAGED onnx\/model\.onnx/);
});
