import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/cli.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

/** The files that a command loads: every module that Node resolves is written down by a hook. */
async function modulesOf(...argv: string[]): Promise<string[]> {
  const log = join(folder.path, 'modules.log');
  const hooks = join(folder.path, 'hooks.mjs');
  const register = join(folder.path, 'register.mjs');
  await writeFile(
    hooks,
    `import { appendFileSync } from 'node:fs';
     export async function load(url, context, next) {
       appendFileSync(${JSON.stringify(log)}, url + '\\n');
       return next(url, context);
     }`,
  );
  await writeFile(
    register,
    `import { register } from 'node:module'; register(${JSON.stringify(hooks)}, import.meta.url);`,
  );
  await writeFile(log, '');
  const { status, stderr } = spawnSync(process.execPath, ['--import', register, EXECUTABLE, ...argv], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '');
}

const packagesOf = (modules: readonly string[]): string[] => [
  ...new Set(modules.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? [])),
];

test('aimaas --help loads no package and no command', async () => {
  const modules = await modulesOf('--help');
  expect(packagesOf(modules)).toEqual([]);
  const own = modules.filter((url) => url.includes('/dist/'));
  expect(own.length).toBeGreaterThan(5);
  expect(own.filter((url) => /\/dist\/(steps|commands\/(?!index|recorded))/.test(url))).toEqual([]);
});

test('the help of a command loads its definition, and nothing that does its work', async () => {
  for (const command of ['train', 'collect', 'serve', 'run', 'export']) {
    const modules = await modulesOf('help', command);
    expect(packagesOf(modules), command).toEqual([]);
    expect(
      modules.filter((url) => url.includes('/dist/steps/')),
      command,
    ).toEqual([]);
  }
});

test('status loads no tensorflow, no onnxruntime and no duckdb', async () => {
  const packages = packagesOf(await modulesOf('status'));
  expect(packages).toContain('commander');
  expect(
    packages.filter((name) =>
      /tensorflow|onnxruntime|duckdb|resvg|protobuf|ajv|^yaml$|^ora$|chalk/.test(name),
    ),
  ).toEqual([]);
});
