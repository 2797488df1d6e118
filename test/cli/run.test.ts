import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await copyFile(PENGUINS, join(folder.path, 'penguins.csv'));
});
afterAll(() => folder.dispose());

type Outcome = { step: string; outcome: string; reason: string };
type RunJson = {
  steps: Outcome[];
  model: { name: string; version: number } | null;
  failure: { exitCode: number } | null;
};
type StatusJson = { steps: { step: string; state: string; reason: string; made: string | null }[] };

const aimaas = (...argv: string[]): ReturnType<typeof runCli> => runCli(argv, { cwd: folder.path });
const outcomes = ({ steps }: RunJson): Record<string, string> =>
  Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]));
const status = async (): Promise<Record<string, string>> => {
  const { steps } = await runJson<StatusJson>(['status'], { cwd: folder.path });
  return Object.fromEntries(steps.map(({ step, state }) => [step, state]));
};

const SMALL = ['--set', 'train.epochs=3', '--set', 'train.members=1'];

// One project through its life: the tests build on each other, as the steps do.
describe('run and status', () => {
  test('nothing yet: status says so, run says what it needs', async () => {
    expect(new Set(Object.values(await status()))).toEqual(new Set(['missing']));
    const { code, stderr } = await aimaas('run');
    expect(code).toBe(2);
    expect(stderr).toContain('There is nothing to collect');
    const planned = await aimaas('run', '--dry-run');
    expect(planned.code).toBe(2);
    expect(planned.stderr).toContain('There is nothing to collect');
    expect((await aimaas('run', 'penguins.csv', '--target', 'specis')).stderr).toContain(
      'Did you mean "species"?',
    );
  });

  test('a dry run does nothing', async () => {
    const plan = await runJson<RunJson>(['run', 'penguins.csv', '--target', 'species', '--dry-run'], {
      cwd: folder.path,
    });
    expect(new Set(Object.values(outcomes(plan)))).toEqual(new Set(['would be done']));
    expect(new Set(Object.values(await status()))).toEqual(new Set(['missing']));
  });

  test('a dry run says the command that would do it', async () => {
    const words = [
      'penguins.csv',
      '--target',
      'species',
      '--until',
      'train',
      '--set',
      'collect.missing=not known',
    ];
    const { stdout } = await aimaas('run', ...words, '--dry-run');
    expect(stdout).toContain(
      "Next: aimaas run penguins.csv --target species --until train --set 'collect.missing=not known'\n",
    );
  });

  test('a target that is not named is asked for as run takes it', async () => {
    const elsewhere = await temporaryFolder();
    await copyFile(PENGUINS, join(elsewhere.path, 'my penguins.csv'));
    const { code, stderr } = await runCli(['run', 'my penguins.csv'], { cwd: elsewhere.path });
    expect(code).toBe(3);
    expect(stderr).toContain("hint: aimaas run 'my penguins.csv' --target COLUMN\n");
    await elsewhere.dispose();
  });

  test('--until stops there', async () => {
    const result = await runJson<RunJson>(
      ['run', 'penguins.csv', '--target', 'species', '--until', 'preprocess'],
      {
        cwd: folder.path,
      },
    );
    expect(outcomes(result)).toEqual({ collect: 'done', preprocess: 'done' });
    expect(result.model).toBeNull();
  });

  test('goes on with the rest, up to an exported model that answers', async () => {
    const { code, stdout, stderr } = await aimaas('run', ...SMALL);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('train: no run yet');
    expect(stdout).toContain('collect     up to date');
    expect(stdout).toContain('aimaas serve penguins');
    const { stdout: answers } = await aimaas('predict', 'penguins', 'penguins.csv');
    expect(answers.trim().split('\n')).toHaveLength(345);
    expect(new Set(Object.values(await status()))).toEqual(new Set(['up to date']));
  });

  test('the same again does nothing, with the settings it was done with', async () => {
    const result = await runJson<RunJson>(['run'], { cwd: folder.path });
    expect(new Set(Object.values(outcomes(result)))).toEqual(new Set(['up to date']));
    expect((await aimaas('run', '-q')).stdout).toBe('penguins/1\n');
    expect((await aimaas('run', '--dry-run')).stdout).not.toContain('Next:');
  });

  test('a setting in aimaas.yaml that changes is named, and what depends on it is done again', async () => {
    await writeFile(join(folder.path, 'aimaas.yaml'), 'train:\n  epochs: 4\n  members: 1\n');
    const { steps } = await runJson<StatusJson>(['status'], { cwd: folder.path });
    expect(steps.find(({ step }) => step === 'train')).toMatchObject({
      state: 'out of date',
      reason: 'settings changed: epochs: 3 → 4',
    });
    const result = await runJson<RunJson>(['run'], { cwd: folder.path });
    expect(outcomes(result)).toEqual({
      collect: 'up to date',
      preprocess: 'up to date',
      train: 'done',
      evaluate: 'done',
      export: 'done',
    });
    expect(result.model).toMatchObject({ name: 'penguins', version: 2 });
  });

  test('data that changes makes everything out of date', async () => {
    const path = join(folder.path, 'penguins.csv');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('39.1', '39.2'));
    const { steps } = await runJson<StatusJson>(['status'], { cwd: folder.path });
    expect(steps[0]).toMatchObject({ state: 'out of date', reason: 'penguins.csv changed' });
    expect(new Set(steps.map(({ state }) => state))).not.toContain('up to date');
    await writeFile(path, text);
    expect((await status())['collect']).toBe('up to date');
  });

  test('files that a collected glob newly matches, or no longer, are seen', async () => {
    const other = await temporaryFolder();
    try {
      const at = { cwd: other.path };
      const collect = async () => (await runJson<StatusJson>(['status'], at)).steps[0];
      const [header = '', ...rows] = (await readFile(PENGUINS, 'utf8')).trimEnd().split('\n');
      for (const [i, name] of ['a.csv', 'b.csv'].entries()) {
        await writeFile(join(other.path, name), [header, ...rows.slice(i * 50, i * 50 + 50)].join('\n'));
      }
      expect((await runCli(['collect', '*.csv', '--target', 'species', '-q'], at)).code).toBe(0);
      expect(await collect()).toMatchObject({ state: 'up to date' });
      await writeFile(join(other.path, 'c.csv'), [header, ...rows.slice(100, 150)].join('\n'));
      expect(await collect()).toMatchObject({ state: 'out of date', reason: 'c.csv is new' });
      const { steps } = await runJson<RunJson>(['run', '--until', 'collect'], at);
      expect(steps[0]).toMatchObject({ outcome: 'done', reason: 'c.csv is new' });
      expect(await collect()).toMatchObject({
        state: 'up to date',
        reason: expect.stringContaining('150 rows') as string,
      });
      await rm(join(other.path, 'a.csv'));
      expect(await collect()).toMatchObject({ state: 'out of date', reason: 'a.csv is gone' });
      await rm(join(other.path, 'b.csv'));
      await rm(join(other.path, 'c.csv'));
      expect(await collect()).toMatchObject({ state: 'up to date' });
    } finally {
      await other.dispose();
    }
  });

  test('a threshold that is not met stops before the export, with 5', async () => {
    const { code, stdout, stderr } = await aimaas(
      'run',
      '--set',
      'evaluate.fail_under=accuracy=1.5',
      '--set',
      'train.epochs=2',
    );
    expect(code).toBe(5);
    expect(stderr).toContain('accuracy');
    expect(stdout).toContain('✖ evaluate');
    expect(stdout).not.toContain('export');
  });

  test('a step by hand with other options is seen', async () => {
    expect((await aimaas('train', '--epochs', '2', '--model', 'linear')).code).toBe(0);
    const { steps } = await runJson<StatusJson>(['status'], { cwd: folder.path });
    const train = steps.find(({ step }) => step === 'train');
    expect(train?.state).toBe('out of date');
    expect(train?.reason).toContain('epochs: 2 → 4');
  });

  test('settings of a step that there are not', async () => {
    const unknown = await aimaas('run', '--set', 'train.epoch=3');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('train has no setting "epoch". Did you mean "epochs"?');
    expect((await aimaas('run', '--set', 'nonsense')).stderr).toContain('expected STEP.SETTING=VALUE');
  });

  test('the source may be gone: what was collected stays', async () => {
    await rm(join(folder.path, 'penguins.csv'));
    expect((await status())['collect']).toBe('up to date');
  });
});
