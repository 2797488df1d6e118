import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.js';
import { writeJsonAtomic } from '../../src/workspace/atomic.js';
import { Workspace } from '../../src/workspace/workspace.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';
import { publishData, publishFeatures, publishModel, publishRun } from '../helpers/runs.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let workspace: Workspace;
let features: string;
let data: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  workspace = new Workspace(join(folder.path, '.aimaas'));
  data = await publishData(workspace, 'data');
  features = await publishFeatures(workspace, data);
});
afterEach(() => folder.dispose());

const aimaas = (...argv: string[]): ReturnType<typeof runCli> => runCli(argv, { cwd: folder.path });
const run = (accuracy: number, more: Partial<Parameters<typeof publishRun>[1]> = {}): Promise<string> =>
  publishRun(workspace, { data, features, validation: { accuracy, log_loss: 1 - accuracy }, ...more });

describe('runs list', () => {
  test('an empty workspace', async () => {
    const { code, stdout } = await aimaas('runs');
    expect(code).toBe(0);
    expect(stdout).toContain('No runs yet.');
    expect(await runJson(['runs', 'list'], { cwd: folder.path })).toEqual({
      schemaVersion: 1,
      sort: null,
      metrics: [],
      total: 0,
      workspaceTotal: 0,
      runs: [],
    });
  });

  test('newest first; by a metric best first, whichever way is better', async () => {
    const ids = [await run(0.8), await run(0.95), await run(0.9, { validation: { accuracy: 0.9 } })];
    const [first, second, third] = ids;
    const order = async (...argv: string[]): Promise<string[]> =>
      (await aimaas('runs', 'list', '-q', ...argv)).stdout.trim().split('\n');
    expect(await order()).toEqual([third, second, first]);
    expect(await order('--sort', 'accuracy')).toEqual([second, third, first]);
    // The third run has no log_loss: last.
    expect(await order('--sort', 'log_loss')).toEqual([second, first, third]);
    expect(await order('--sort', 'accuracy', '--limit', '1')).toEqual([second]);
    expect((await aimaas('runs')).stdout).toContain(`${third ?? ''} *`);
  });

  test('--where by metric, family, state and option', async () => {
    const good = await run(0.95);
    const linear = await run(0.7, { family: 'linear', options: { epochs: 5, learningRate: 0.01 } });
    const failed = await run(0.5, { state: 'failed' });
    const where = async (...conditions: string[]): Promise<string[]> => {
      const argv = conditions.flatMap((condition) => ['--where', condition]);
      return (await aimaas('runs', 'list', '-q', ...argv)).stdout.split('\n').filter((line) => line !== '');
    };
    expect(await where('accuracy>=0.95')).toEqual([good]);
    expect(await where('family = linear')).toEqual([linear]);
    expect(await where('state!=complete')).toEqual([failed]);
    expect(await where('learningRate<0.1')).toEqual([linear]);
    expect(await where('accuracy>0.6', 'family=mlp')).toEqual([good]);
    expect(await where('accuracy>2')).toEqual([]);
  });

  test('a metric or condition that cannot be', async () => {
    await run(0.9);
    const unknown = await aimaas('runs', 'list', '--sort', 'acuracy');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('No run has the metric "acuracy". Did you mean "accuracy"?');
    expect((await aimaas('runs', 'list', '--where', 'acuracy>1')).stderr).toContain(
      'Did you mean "accuracy"?',
    );
    expect((await aimaas('runs', 'list', '--where', 'nonsense')).stderr).toContain('cannot be read');
    const word = await aimaas('runs', 'list', '--where', 'accuracy>>0.5');
    expect(word.code).toBe(2);
    expect(word.stderr).toContain('expected a number after >, but it is ">0.5"');
    const none = await aimaas('runs', 'list', '--where', 'accuracy>2');
    expect(none).toMatchObject({ code: 0, stdout: 'No run of 1 meets --where.\n' });
  });
});

/** Puts the result of an evaluation on the test split beside a run, as `evaluate` does. */
async function evaluated(id: string, metrics: JsonObject): Promise<void> {
  const path = join(workspace.folder('run', id), 'evaluation', 'test', 'metrics.json');
  await writeJsonAtomic(path, { schemaVersion: 1, metrics });
}

describe('metrics of the test rows', () => {
  test('are listed, sorted and filtered by beside those of the validation rows', async () => {
    const [first, second, third] = [await run(0.8), await run(0.95), await run(0.9)];
    const untested = await aimaas('runs', 'list', '--sort', 'test.accuracy');
    expect([untested.code, untested.stderr]).toEqual([2, expect.stringContaining('hint: aimaas evaluate')]);
    await evaluated(first, { accuracy: 0.91, log_loss: 0.3, r2: null });
    await evaluated(second, { accuracy: 0.85, log_loss: 0.5 });
    const { stdout } = await aimaas('runs');
    expect(stdout).toMatch(/time +accuracy +test\.accuracy +log_loss +test\.log_loss\n/);
    expect(stdout).toContain('Metrics named test. are of the test rows, the others of the validation rows.');
    const order = (await aimaas('runs', 'list', '--sort', 'test.accuracy', '-q')).stdout.trim().split('\n');
    expect(order).toEqual([first, second, third]);
    expect((await aimaas('runs', 'list', '--where', 'test.accuracy<0.9', '-q')).stdout).toBe(`${second}\n`);
    const named = await aimaas('runs', 'list', '--metric', 'test.log_loss');
    expect(named.stdout).toMatch(/time +test\.log_loss\n/);
    expect((await aimaas('runs', 'list', '--metric', 'test.acuracy')).stderr).toContain('"test.accuracy"?');
    const json = await runJson<{ runs: unknown[] }>(['runs', 'list'], { cwd: folder.path });
    expect(json.runs).toMatchObject([
      { id: third, test: null },
      { id: second, test: { accuracy: 0.85 } },
      { id: first, test: { accuracy: 0.91, log_loss: 0.3 } },
    ]);
  });

  test('are shown and compared', async () => {
    const [first, second] = [await run(0.8), await run(0.95)];
    await evaluated(first, { accuracy: 0.91 });
    await evaluated(second, { accuracy: 0.85 });
    expect((await aimaas('runs', 'show', first)).stdout).toMatch(/accuracy +0\.8000 +0\.9100 +0\.6000/);
    const { stdout } = await aimaas('runs', 'compare', first, second, '--md', '--metric', 'accuracy');
    expect(stdout).toContain(
      '| accuracy | 0.8000 | **0.9500 (+0.1500)** |\n| accuracy (test) | **0.9100** | 0.8500 (−0.0600) |\n',
    );
    const wrong = await aimaas('runs', 'compare', first, second, '--metric', 'acuracy');
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('Did you mean "accuracy"?')]);
  });
});

describe('a damaged run', () => {
  test('is warned of and left out; the others are listed, and status says what is wrong', async () => {
    const [good, bad, newer] = [await run(0.8), await run(0.9), await run(0.7)];
    await writeFile(join(workspace.folder('run', bad), 'manifest.json'), '{"broken');
    const path = join(workspace.folder('run', newer), 'manifest.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('"schemaVersion": 1', '"schemaVersion": 7'));
    const { code, stdout, stderr } = await aimaas('runs', 'list', '-q');
    expect([code, stdout]).toEqual([0, `${good}\n`]);
    expect(stderr).toContain(`The manifest of run ${bad} is not valid JSON`);
    expect(stderr).toContain(`The run ${newer} has format version 7`);
    const status = await runJson<{ steps: unknown[]; runs: number }>(['status'], { cwd: folder.path });
    expect(status.runs).toBe(1);
    expect(status.steps[2]).toMatchObject({
      step: 'train',
      state: 'out of date',
      reason: expect.stringContaining('has format version 7') as string,
    });
    expect((await aimaas('runs', 'show', bad)).code).toBe(4);
  });

  test('does not keep models from being listed', async () => {
    const id = await run(0.8);
    await publishModel(workspace, { name: 'm', run: id, features, data });
    await publishModel(workspace, { name: 'n', run: id, features, data });
    await writeFile(workspace.path('models', 'm', '1', 'manifest.json'), '[');
    const { code, stdout, stderr } = await aimaas('models', 'list', '-q');
    expect([code, stdout]).toEqual([0, 'n/1\n']);
    expect(stderr).toContain(`hint: Remove ${workspace.path('models', 'm', '1')} and run: aimaas export`);
  });
});

describe('runs show', () => {
  test('the current run, or one by the beginning of its id', async () => {
    const first = await run(0.8);
    const second = await run(0.9);
    expect((await aimaas('runs', 'show', '-q')).stdout).toBe(`${second}\n`);
    const shown = await aimaas('runs', 'show', first.slice(0, 6));
    expect(shown.stdout).toContain(first);
    expect(shown.stdout).toMatch(/accuracy +0\.8000 +0\.6000/);
    const json = await runJson(['runs', 'show', first], { cwd: folder.path });
    expect(json).toMatchObject({
      schemaVersion: 1,
      run: { id: first, content: { validation: { accuracy: 0.8 } } },
    });
  });

  test('one that is not there exits 4', async () => {
    const { code, stderr } = await aimaas('runs', 'show', 'nope');
    expect(code).toBe(4);
    expect(stderr).toContain('hint: aimaas train');
    await run(0.8);
    expect((await aimaas('runs', 'show', 'nope')).stderr).toContain('hint: aimaas runs list');
  });
});

describe('runs compare', () => {
  test('parameters of the model once', async () => {
    const options = { epochs: 10, family: 'mlp', params: { units: [32] } };
    const ids = [await run(0.8, { options }), await run(0.9, { options: { ...options, epochs: 20 } })];
    const { stdout } = await aimaas('runs', 'compare', ...ids, '--all');
    expect(stdout).toMatch(/model\.units/);
    expect(stdout).not.toMatch(/params|^family/m);
  });

  test('changes of metrics, the best marked, parameters that differ', async () => {
    const first = await run(0.8);
    const second = await run(0.9, { options: { epochs: 20 } });
    const json = await runJson<{ metrics: unknown[]; parameters: unknown[] }>(
      ['runs', 'compare', first, second],
      {
        cwd: folder.path,
      },
    );
    expect(json.metrics[0]).toMatchObject({
      metric: 'accuracy',
      direction: 'maximize',
      values: [0.8, 0.9],
      best: 1,
    });
    expect(json.metrics[1]).toMatchObject({ metric: 'log_loss', direction: 'minimize', best: 1 });
    expect(json.parameters).toEqual([{ parameter: 'epochs', values: [10, 20] }]);
    const { stdout } = await aimaas('runs', 'compare', first, second, '--md');
    expect(stdout).toBe(
      [
        `| metric | \`${first}\` | \`${second}\` |`,
        '| --- | --- | --- |',
        '| accuracy | 0.8000 | **0.9000 (+0.1000)** |',
        '| log_loss | 0.2000 | **0.1000 (−0.1000)** |',
        '',
        `| parameter | \`${first}\` | \`${second}\` |`,
        '| --- | --- | --- |',
        '| epochs | 10 | 20 |\n',
      ].join('\n'),
    );
    expect((await aimaas('runs', 'compare', first, second, '-q')).stdout).toBe(`${second}\n`);
  });

  test('the same run twice has nothing to tell', async () => {
    const id = await run(0.8);
    expect((await aimaas('runs', 'compare', id, id)).stdout).toContain('All parameters are the same.');
    expect((await aimaas('runs', 'compare', id, id, '--all')).stdout).toContain('epochs');
  });
});

describe('runs delete', () => {
  test('several at once, with --yes', async () => {
    const ids = [await run(0.8), await run(0.9)];
    const { code, stdout } = await aimaas('runs', 'delete', ...ids, '--yes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: `✔ Deleted runs ${ids.join(', ')}.\n` });
    expect(await workspace.list('run')).toEqual([]);
  });

  test('all or none: an unknown id deletes nothing', async () => {
    const id = await run(0.8);
    expect((await aimaas('runs', 'delete', id, 'zzz', '--yes')).code).toBe(4);
    expect((await workspace.list('run')).length).toBe(1);
  });
});
