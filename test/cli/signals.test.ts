import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../helpers/cli.js';

const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));
const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

/** A training that would take long, and the moment it has done its first epochs. */
async function training(): Promise<{ child: ChildProcess; stderr: () => string }> {
  const argv = [
    'run',
    PENGUINS,
    '--target',
    'species',
    '--set',
    'train.epochs=200000',
    '--set',
    'train.members=1',
  ];
  const child = spawn(process.execPath, [EXECUTABLE, ...argv], {
    cwd: folder.path,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (/Training .*epochs/.test(text)) resolve();
    });
    child.on('close', () => reject(new Error(`ended early:\n${text}`)));
  });
  return { child, stderr: () => text };
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends a training well, with 130, and the run can be resumed',
  async (signal) => {
    const { child, stderr } = await training();
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code, stderr()).toBe(130);
    expect(stderr()).toContain('error: ');
    expect(stderr()).not.toContain('bug in aimaas');
    const { stdout } = await runCli(['runs', 'list', '--json'], { cwd: folder.path });
    const { runs } = JSON.parse(stdout) as { runs: { state: string }[] };
    expect(runs.map(({ state }) => state)).toEqual(['interrupted']);
  },
);

test('a second signal ends at once', async () => {
  const { child } = await training();
  child.kill('SIGINT');
  child.kill('SIGTERM');
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code).toBe(130);
});
