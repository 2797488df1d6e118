import { spawnSync } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importOnnxRuntime } from '../../src/engines/onnxruntime/runtime.js';
import { runJson, temporaryFolder } from '../helpers/cli.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));
const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  const cwd = folder.path;
  await runJson(['collect', PENGUINS, '--target', 'species'], { cwd });
  await runJson(['preprocess'], { cwd });
  await runJson(['train', '--model', 'linear', '--epochs', '2'], { cwd });
}, 60_000);
afterAll(() => folder.dispose());

it('ONNX Runtime keeps no device id, queue or log of what it would report', async () => {
  const home = join(folder.path, 'home');
  const temporary = join(folder.path, 'temporary');
  for (const path of [home, temporary]) await mkdir(path);
  const { status } = spawnSync(process.execPath, [EXECUTABLE, 'predict', PENGUINS], {
    cwd: folder.path,
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: temporary },
  });
  expect(status).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
  expect(await readdir(home)).toEqual([]);
});

it('what the user says of it stands', async () => {
  const before = process.env.ORT_DISABLE_TELEMETRY;
  try {
    process.env.ORT_DISABLE_TELEMETRY = 'mine';
    await importOnnxRuntime();
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('mine');
    delete process.env.ORT_DISABLE_TELEMETRY;
    await importOnnxRuntime();
    expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
  } finally {
    if (before === undefined) delete process.env.ORT_DISABLE_TELEMETRY;
    else process.env.ORT_DISABLE_TELEMETRY = before;
  }
});
