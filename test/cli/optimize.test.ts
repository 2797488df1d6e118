import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunContent } from '../../src/core/artifacts.js';
import type { SearchFile } from '../../src/steps/optimize/state.js';
import type { OptimizeResult } from '../../src/steps/optimize/optimize.js';
import type { Manifest } from '../../src/workspace/manifest.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));
const EXECUTABLE = fileURLToPath(new URL('../../bin/aimaas.js', import.meta.url));

/** Trials that take a moment each. */
const QUICK = ['--space', 'epochs=9', '--space', 'members=2', '--space', 'units=8|16|8,8'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let prepared: string;
let cwd: string;
let tests = 0;

/** Features made once; every test gets its own copy of the workspace. */
beforeAll(async () => {
  folder = await temporaryFolder();
  prepared = join(folder.path, 'prepared');
  const options = { cwd: folder.path, env: { AIMAAS_WORKSPACE: prepared } };
  await runJson(['collect', PENGUINS, '--target', 'species'], options);
  await runJson(['preprocess'], options);
});
afterAll(() => folder.dispose());
beforeEach(async () => {
  cwd = join(folder.path, `test-${tests++}`);
  await cp(prepared, join(cwd, '.aimaas'), { recursive: true });
});

const optimize = (...argv: string[]): Promise<OptimizeResult> => runJson(['optimize', ...argv], { cwd });

async function searchFile(): Promise<SearchFile> {
  const [id] = await readdir(join(cwd, '.aimaas', 'searches'));
  return JSON.parse(
    await readFile(join(cwd, '.aimaas', 'searches', id ?? '', 'search.json'), 'utf8'),
  ) as SearchFile;
}

async function manifestOf(run: string): Promise<Manifest<RunContent>> {
  return JSON.parse(
    await readFile(join(cwd, '.aimaas', 'runs', run, 'manifest.json'), 'utf8'),
  ) as Manifest<RunContent>;
}

/** Steps of the only trial of a search that its run's checkpoint has; 0 before there is one. */
async function stepsDone({ leaderboard }: OptimizeResult): Promise<number> {
  const run = leaderboard.find(({ role }) => role === 'trial')?.run ?? '';
  const path = join(cwd, '.aimaas', 'runs', run, 'checkpoints', 'checkpoint.json');
  const text = await readFile(path, 'utf8').catch(() => '{"progress":{"step":0}}');
  return (JSON.parse(text) as { progress: { step: number } }).progress.step;
}

const currentRun = async (): Promise<string> =>
  (await readFile(join(cwd, '.aimaas', 'current', 'run'), 'utf8')).trim();

/** Everything of a result that must be the same when the same search is made again. */
const reproducible = ({ leaderboard, best }: OptimizeResult): unknown => ({
  best,
  rows: leaderboard.map((row) => ({ ...row, seconds: null })),
});

describe('aimaas optimize', () => {
  it('keeps every trial as a run, makes the best one current, and is up to date the second time', async () => {
    const result = await optimize('--trials', '6', '--jobs', '2', ...QUICK);
    expect(result).toMatchObject({
      schemaVersion: 1,
      upToDate: false,
      end: 'trials',
      metric: 'log_loss',
      selectedOn: 'validation',
      testSplitUsed: false,
      previous: null,
    });
    expect(result.trials).toMatchObject({ total: 6, running: 0, interrupted: 0, failed: 0 });
    const trials = result.leaderboard.filter(({ trial }) => trial !== null);
    expect(trials).toHaveLength(6);
    expect(
      trials
        .filter(({ origin }) => origin === 'default')
        .map(({ family }) => family)
        .sort(),
    ).toEqual(['linear', 'mlp']);
    const complete = trials.filter(({ state }) => state === 'complete');
    expect(complete.map(({ value }) => value)).toEqual(
      complete.map(({ value }) => value).sort((a, b) => Number(a) - Number(b)),
    );
    for (const { run, state, value, epochs } of trials) {
      const { content } = await manifestOf(run ?? '');
      expect(content.search).toBe(result.search);
      expect(content.state).toBe(state);
      expect(content.epochs).toBe(epochs);
      expect(content.validation['log_loss']).toBe(value);
      if (state === 'stopped') expect(epochs).toBeLessThan(9);
    }
    expect(result.leaderboard.at(-1)?.role === 'baseline' || complete.length < 6).toBe(true);
    expect(result.best?.run).toBe(complete[0]?.run);
    expect(await currentRun()).toBe(result.best?.run);
    const again = await optimize('--trials', '6', '--jobs', '2', ...QUICK);
    expect(again).toEqual({ ...result, upToDate: true });
  });

  it('finds the same again with one job and the same seed, and something else with another', async () => {
    const argv = ['--trials', '5', '--jobs', '1', '--models', 'mlp', ...QUICK];
    const first = await optimize(...argv, '--seed', '3');
    await rm(join(cwd, '.aimaas'), { recursive: true });
    await cp(prepared, join(cwd, '.aimaas'), { recursive: true });
    const again = await optimize(...argv, '--seed', '3');
    expect(reproducible(again)).toEqual(reproducible(first));
    const other = await optimize(...argv, '--seed', '4');
    expect(other.search).not.toBe(first.search);
    expect(other.leaderboard.map(({ params }) => params)).not.toEqual(
      first.leaderboard.map(({ params }) => params),
    );
  });

  it('goes on with more trials, keeps those it has, and tells a better model from one that is not', async () => {
    const before = await runJson<{ run: string; validation: Record<string, number> }>(
      ['train', '--model', 'linear', '--param', 'l2=900', '--epochs', '9', '--members', '2'],
      { cwd },
    );
    const argv = ['--models', 'linear', '--jobs', '1', '--space', 'epochs=300', '--space', 'members=2'];
    const first = await optimize(...argv, '--trials', '2');
    expect(first.previous).toEqual({ run: before.run, value: before.validation['log_loss'] });
    expect(first.improved).toBe(true);
    expect(first.improvement).toBeCloseTo(
      (before.validation['log_loss'] ?? NaN) - (first.best?.value ?? NaN),
      12,
    );
    expect(first.leaderboard.some(({ role, run }) => role === 'current' && run === before.run)).toBe(true);
    const more = await optimize(...argv, '--trials', '4');
    expect(more.search).toBe(first.search);
    expect(more.trials.total).toBe(4);
    expect(more.previous).toEqual(first.previous);
    const kept = more.leaderboard.filter(({ trial }) => trial !== null && trial <= 2);
    expect(kept).toEqual(first.leaderboard.filter(({ trial }) => trial !== null));
    const { run } = more.best ?? { run: '' };
    // Settings that cannot be as good: the model found before stays the current one.
    const worse = await optimize(
      '--models',
      'linear',
      '--trials',
      '1',
      '--space',
      'l2=1000',
      '--space',
      'epochs=3',
    );
    expect(worse.improved).toBe(false);
    expect(worse.current).toBe(run);
    expect(await currentRun()).toBe(run);
    const { stdout } = await runCli(
      ['optimize', '--models', 'linear', '--trials', '1', '--space', 'l2=1000', '--space', 'epochs=3'],
      { cwd },
    );
    expect(stdout).toContain(`No trial is better than run ${run}`);
    expect(stdout).toContain('the test split was not touched');
    expect(stdout).toContain('aimaas evaluate');
  });

  it('never reads the test split', async () => {
    const { splits } = (
      JSON.parse(
        await readFile(join(cwd, '.aimaas', 'features', await features(), 'manifest.json'), 'utf8'),
      ) as { content: { splits: { test: { rows: number; shards: string[] } } } }
    ).content;
    expect(splits.test.rows).toBeGreaterThan(0);
    for (const shard of splits.test.shards) {
      await rm(join(cwd, '.aimaas', 'features', await features(), shard));
    }
    const result = await optimize('--trials', '2', '--models', 'linear', '--space', 'epochs=9');
    expect(result.trials.complete).toBe(2);
  });

  it('trains the best trial again when its run was deleted', async () => {
    const argv = ['--trials', '2', '--models', 'linear', '--jobs', '1', '--space', 'epochs=9'];
    const first = await optimize(...argv);
    const run = first.best?.run ?? '';
    await rm(join(cwd, '.aimaas', 'runs', run), { recursive: true });
    const again = await optimize(...argv);
    expect(again.best).toEqual(first.best);
    expect((await manifestOf(run)).content.state).toBe('complete');
  });

  it('ends at its time limit, with what ran then cut off, and goes on when it is given more', async () => {
    const argv = ['--models', 'mlp', '--jobs', '1', '--space', 'epochs=100000', '--space', 'members=2'];
    const result = await optimize(...argv, '--time', '4s');
    expect(result.end).toBe('time');
    expect(result.best).toBeNull();
    expect(result.trials).toMatchObject({ total: 1, interrupted: 1 });
    expect(result.seconds).toBeGreaterThanOrEqual(4);
    expect(await optimize(...argv, '--time', '4s')).toEqual({ ...result, upToDate: true });
    const before = await stepsDone(result);
    const more = await optimize('--resume', '--jobs', '1', '--time', '12s');
    expect(more.search).toBe(result.search);
    expect(more.trials.total).toBe(1);
    expect(await stepsDone(more)).toBeGreaterThan(before);
  });

  it('records a trial that diverges as failed and goes on', async () => {
    const space = ['learning-rate=1000|0.05', 'optimizer=sgd', 'epochs=9', 'members=2', 'units=8|16'];
    const argv = [
      '--trials',
      '4',
      '--jobs',
      '1',
      '--models',
      'mlp',
      ...space.flatMap((text) => ['--space', text]),
    ];
    const { code, stdout, stderr } = await runCli(['optimize', ...argv], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('Trial 1 failed: The loss became NaN or infinite');
    expect(stdout).toContain('1 failed');
    const result = await optimize(...argv);
    expect(result).toMatchObject({ upToDate: true, trials: { total: 4, failed: 1 } });
    const failed = result.leaderboard.find(({ state }) => state === 'failed');
    expect(failed?.error).toContain('NaN or infinite');
    expect((await manifestOf(failed?.run ?? '')).content.state).toBe('failed');
  });

  it('trains the best trial in full when it had been stopped early', async () => {
    const argv = ['--trials', '6', '--jobs', '1', '--models', 'mlp', ...QUICK];
    await optimize(...argv);
    const file = await searchFile();
    const stopped = file.trials.find(({ state }) => state === 'stopped');
    expect(stopped).toBeDefined();
    // As if its weights had already been the best ones when it was stopped.
    const trials = file.trials.map((trial) => (trial === stopped ? { ...trial, value: 0 } : trial));
    await writeFile(
      join(cwd, '.aimaas', 'searches', file.id, 'search.json'),
      JSON.stringify({ ...file, trials }),
    );
    const result = await optimize(...argv);
    expect(result.upToDate).toBe(false);
    const row = result.leaderboard.find(({ trial }) => trial === stopped?.number);
    expect(row).toMatchObject({ state: 'complete', epochs: 9, run: stopped?.run });
    expect(row?.value).toBeGreaterThan(0);
  });
});

async function features(): Promise<string> {
  return (await readdir(join(cwd, '.aimaas', 'features')))[0] ?? '';
}

/** The search started as a process of its own, once a trial of it has a checkpoint to go on from. */
async function begunSearch(argv: readonly string[]): Promise<ReturnType<typeof spawn>> {
  const child = spawn(process.execPath, [EXECUTABLE, 'optimize', ...argv], { cwd, stdio: 'ignore' });
  for (let i = 0; i < 600; i++) {
    await sleep(100);
    const runs = await readdir(join(cwd, '.aimaas', 'runs')).catch(() => [] as string[]);
    for (const run of runs) {
      const saved = await readdir(join(cwd, '.aimaas', 'runs', run, 'checkpoints')).catch(
        () => [] as string[],
      );
      if (saved.includes('checkpoint.json')) return child;
    }
  }
  child.kill('SIGKILL');
  throw new Error('No trial wrote a checkpoint within a minute.');
}

describe('a search that is interrupted', () => {
  const argv = [
    '--models',
    'mlp',
    '--jobs',
    '1',
    '--trials',
    '2',
    '--space',
    'epochs=6000',
    '--space',
    'members=2',
    '--space',
    'units=32',
  ];

  it('by SIGINT exits 130 and goes on; by SIGKILL it goes on, too, to the same result', async () => {
    const child = await begunSearch(argv);
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
    const saved = await searchFile();
    expect(saved.trials.map(({ state }) => state)).toEqual(['interrupted']);
    expect((await manifestOf(saved.trials[0]?.run ?? '')).content.state).toBe('interrupted');

    const killed = spawn(process.execPath, [EXECUTABLE, 'optimize', '--resume', '--jobs', '1'], {
      cwd,
      stdio: 'ignore',
    });
    await sleep(2500);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const resumed = await optimize('--resume', '--jobs', '1');
    expect(resumed.trials).toMatchObject({ total: 2, interrupted: 0, running: 0, failed: 0 });

    await rm(join(cwd, '.aimaas'), { recursive: true });
    await cp(prepared, join(cwd, '.aimaas'), { recursive: true });
    const uninterrupted = await optimize(...argv);
    expect(reproducible(resumed)).toEqual(reproducible(uninterrupted));
  });
});

describe('what aimaas optimize refuses', () => {
  it.each([
    [['--metric', 'acuracy'], 2, 'Did you mean "accuracy"?'],
    [['--metric', 'rmse'], 2, 'not for a multiclass model'],
    [['--metric', 'precision_micro'], 2, 'Runs do not record "precision_micro"'],
    [['--models', 'mpl'], 2, 'Did you mean "mlp"?'],
    [['--space', 'dropout'], 2, 'Expected NAME=VALUES'],
    [['--space', 'dropuot=0.1..0.2'], 2, 'Did you mean "dropout"?'],
    [['--space', 'dropout=0.1..2'], 2, 'numbers from 0 to 0.9'],
    [['--space', 'dropout=0.3..0.1'], 2, 'low end is not above its high end'],
    [['--space', 'activation=a..b'], 2, 'not a range'],
    [['--space', 'units=64,0'], 2, 'units of the hidden layers'],
    [['--resume'], 4, 'no search yet'],
    [['--resume', '--seed', '4'], 2, '--seed would make it another one'],
    [['--time', 'soon'], 2, 'a duration such as'],
    [['--trials', '0'], 2, 'a whole number from 1'],
  ])('%j', async (argv, code, message) => {
    const result = await runCli(['optimize', ...argv], { cwd });
    expect(result.stderr).toContain(message);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
  });

  it('a workspace without features', async () => {
    await rm(join(cwd, '.aimaas'), { recursive: true });
    const { code, stderr } = await runCli(['optimize'], { cwd });
    expect(code).toBe(4);
    expect(stderr).toContain('aimaas preprocess');
  });
});
