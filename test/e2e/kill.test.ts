import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { spawnCli, temporaryFolder } from '../helpers/cli.js';

/** Kills of every verb. AIMAAS_KILLS=50 is what a release is tried with. */
const KILLS = Number(process.env.AIMAAS_KILLS ?? 2);

const EXAMPLE = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));
const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

/** Every verb that writes, in an order in which each finds what it needs. */
const VERBS: readonly (readonly string[])[] = [
  ['init', '--target', 'species', '--force'],
  ['collect', 'penguins.csv', '--target', 'species'],
  ['preprocess'],
  ['train', '--epochs', '64', '--members', '2'],
  ['evaluate'],
  ['export', '--name', 'penguins', '--output', 'bundle', '--force'],
  ['models', 'alias', 'penguins', '1', 'champion'],
  ['predict', 'penguins@champion', 'penguins.csv', '--output', 'predictions.csv'],
  ['optimize', '--trials', '3', '--jobs', '1', '--models', 'linear'],
  ['run', '--set', 'train.epochs=64', '--set', 'train.members=2', '--set', 'train.seed=5'],
  ['prune', '--keep', '1', '--models', '--yes'],
];

/** Starts a verb and kills it with SIGKILL after `milliseconds`, if it is still there. */
async function killAfter(argv: readonly string[], cwd: string, milliseconds: number): Promise<void> {
  const child = spawn(process.execPath, [EXECUTABLE, ...argv], { cwd, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
}

/** Every artifact that has a manifest must have exactly the files, with the hashes, that the manifest says. */
async function expectWhole(workspace: string): Promise<void> {
  const entries = await readdir(workspace, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const hidden = entry.parentPath.split('/').some((part) => part.startsWith('.tmp-'));
    if (entry.name !== 'manifest.json' || hidden) continue;
    const manifest = JSON.parse(await readFile(join(entry.parentPath, entry.name), 'utf8')) as {
      files?: Record<string, { sha256: string }>;
      content?: { state?: string };
    };
    // The files of a run that is still training change; its manifest is not yet a promise.
    if (manifest.content?.state !== undefined && manifest.content.state !== 'complete') continue;
    for (const [name, file] of Object.entries(manifest.files ?? {})) {
      const hash = createHash('sha256').update(await readFile(join(entry.parentPath, name)));
      expect(`${name} ${hash.digest('hex')}`).toBe(`${name} ${file.sha256}`);
    }
  }
}

/** The sha256 of the weights of the current run, or undefined when nothing is trained yet. */
async function weightsOf(workspace: string): Promise<string | undefined> {
  const run = await readFile(join(workspace, 'current', 'run'), 'utf8').catch(() => undefined);
  if (run === undefined) return undefined;
  const content = await readFile(join(workspace, 'runs', run.trim(), 'weights.safetensors'));
  return createHash('sha256').update(content).digest('hex');
}

/** A file that a verb writes outside the workspace is there whole or not at all, also after a kill. */
async function expectWholeOutputs(cwd: string): Promise<void> {
  const predictions = await readFile(join(cwd, 'predictions.csv'), 'utf8').catch(() => undefined);
  if (predictions !== undefined) expect(predictions.trimEnd().split('\n')).toHaveLength(345);
  const config = await readFile(join(cwd, 'aimaas.yaml'), 'utf8').catch(() => undefined);
  if (config !== undefined) expect(config).toContain('penguins.csv');
}

describe('a verb that is killed', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await cp(EXAMPLE, join(folder.path, 'penguins.csv'));
  });
  afterAll(() => folder.dispose());

  it.each(VERBS.map((verb) => [verb[0], verb] as const))(
    '%s leaves nothing corrupt, and does its whole work when it is started again',
    async (name, verb) => {
      const cwd = folder.path;
      const workspace = join(cwd, '.aimaas');
      const random = Random.of(11, `kill ${name}`);
      const before = join(cwd, 'before');
      await rm(before, { recursive: true, force: true });
      await cp(workspace, before, { recursive: true }).catch(() => undefined);
      const started = Date.now();
      expect(await spawnCli(verb, { cwd })).toMatchObject({ code: 0 });
      const duration = Date.now() - started;
      const expected = await weightsOf(workspace);
      for (let i = 0; i < KILLS; i++) {
        await rm(workspace, { recursive: true, force: true });
        await cp(before, workspace, { recursive: true }).catch(() => undefined);
        await killAfter(verb, cwd, 50 + random.uniform() * duration);
        // Killed before it made the workspace at all.
        if (existsSync(workspace)) await expectWhole(workspace);
        await expectWholeOutputs(cwd);
        const again = await spawnCli(verb, { cwd });
        expect(`${name} ${again.code} ${again.code === 0 ? '' : again.stderr}`).toBe(`${name} 0 `);
        if (existsSync(workspace)) await expectWhole(workspace);
        await expectWholeOutputs(cwd);
        expect(await weightsOf(workspace)).toBe(expected);
      }
    },
    240_000 + KILLS * 60_000,
  );

  it('resumes a training from its last checkpoint, to the same bits', async () => {
    const cwd = folder.path;
    const long = ['train', '--epochs', '1500', '--members', '2', '--layers', '16'];
    await spawnCli(['collect', 'penguins.csv', '--target', 'species'], { cwd });
    await spawnCli(['preprocess'], { cwd });
    const weights = async (run: string): Promise<Buffer> =>
      readFile(join(cwd, '.aimaas', 'runs', run, 'weights.safetensors'));
    const whole = await spawnCli([...long, '-q'], { cwd });
    const run = whole.stdout.trim();
    const expected = await weights(run);

    await rm(join(cwd, '.aimaas', 'runs', run), { recursive: true });
    const child = spawn(process.execPath, [EXECUTABLE, ...long], { cwd, stdio: 'ignore' });
    const closed = new Promise((resolve) => child.once('close', resolve));
    const pointer = join(cwd, '.aimaas', 'runs', run, 'checkpoints', 'checkpoint.json');
    const deadline = Date.now() + 60_000;
    while (!existsSync(pointer) && Date.now() < deadline) await sleep(20);
    child.kill('SIGKILL');
    await closed;
    const { progress } = JSON.parse(await readFile(pointer, 'utf8')) as { progress: { step: number } };
    expect(progress.step).toBeGreaterThan(0);
    const resumed = await spawnCli(['train', '--resume'], { cwd });
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toContain(`Continuing run ${run}`);
    expect((await weights(run)).equals(expected)).toBe(true);
  });

  it('shares the workspace with another at the same time', async () => {
    const cwd = folder.path;
    for (const verb of [...VERBS.slice(1, 4), ['evaluate', '--force'], ['export', '--name', 'twice']]) {
      const both = await Promise.all([spawnCli([...verb], { cwd }), spawnCli([...verb], { cwd })]);
      expect(both.map(({ code, stderr }) => (code === 0 ? '' : `${verb[0]}: ${stderr}`))).toEqual(['', '']);
    }
    await expectWhole(join(cwd, '.aimaas'));
  });
});
