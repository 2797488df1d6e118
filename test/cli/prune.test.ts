import { mkdir, readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ModelRegistry } from '../../src/workspace/registry.js';
import { Workspace } from '../../src/workspace/workspace.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';
import { makeOlder, publishData, publishFeatures, publishModel, publishRun } from '../helpers/runs.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let workspace: Workspace;
beforeEach(async () => {
  folder = await temporaryFolder();
  workspace = new Workspace(join(folder.path, '.aimaas'));
});
afterEach(() => folder.dispose());

const aimaas = (...argv: string[]): ReturnType<typeof runCli> => runCli(argv, { cwd: folder.path });
const ids = async (kind: 'data' | 'features' | 'run'): Promise<string[]> =>
  (await workspace.list(kind)).map(({ id }) => id).sort();

/** A data set, feature set and run of each name, `days` old. */
async function line(name: string, days: number): Promise<{ data: string; features: string; run: string }> {
  const data = await publishData(workspace, name);
  const features = await publishFeatures(workspace, data);
  const run = await publishRun(workspace, { data, features, options: { name } });
  await makeOlder(workspace.folder('data', data), days);
  await makeOlder(workspace.folder('features', features), days);
  await makeOlder(workspace.folder('run', run), days);
  return { data, features, run };
}

type Pruned = {
  removed: { kind: string; name: string }[];
  kept: { name: string; neededBy: string[] }[];
  dryRun: boolean;
};

describe('prune', () => {
  test('needs a rule, and a yes', async () => {
    expect((await aimaas('prune')).code).toBe(2);
    await line('old', 50);
    await line('new', 0);
    const { code, stderr } = await aimaas('prune', '--older-than', '30d');
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing was removed');
    expect(await ids('run')).toHaveLength(2);
  });

  test('by age, with what it was made of; the current line stays however old', async () => {
    await line('older', 60);
    const old = await line('old', 50);
    const plan = await runJson<Pruned>(['prune', '--older-than', '30d', '--dry-run'], { cwd: folder.path });
    expect(plan.dryRun).toBe(true);
    expect(plan.removed.map(({ kind }) => kind)).toEqual(['run', 'features', 'data']);
    expect(plan.kept.map(({ neededBy }) => neededBy[0])).toEqual([
      'current run',
      'current feature set',
      'current data set',
    ]);
    expect(await ids('run')).toHaveLength(2);
    expect((await aimaas('prune', '--older-than', '30d', '--yes')).code).toBe(0);
    expect([await ids('data'), await ids('features'), await ids('run')]).toEqual([
      [old.data],
      [old.features],
      [old.run],
    ]);
    expect((await aimaas('prune', '--older-than', '30d', '--yes')).stdout).toContain('Nothing is old enough');
  });

  test('by count, and by both only what is old by both', async () => {
    const lines = [await line('a', 40), await line('b', 30), await line('c', 20), await line('d', 0)];
    const both = await runJson<Pruned>(['prune', '--older-than', '35d', '--keep', '2', '--dry-run'], {
      cwd: folder.path,
    });
    expect(both.removed.map(({ name }) => name)).toEqual([lines[0]?.run, lines[0]?.features, lines[0]?.data]);
    await aimaas('prune', '--keep', '2', '--yes');
    expect(await ids('run')).toEqual([lines[2]?.run, lines[3]?.run].sort());
  });

  test('what a kept run needs stays, though it is older', async () => {
    const data = await publishData(workspace, 'shared');
    const features = await publishFeatures(workspace, data);
    const first = await publishRun(workspace, { data, features, options: { first: true } });
    await makeOlder(workspace.folder('data', data), 90);
    await makeOlder(workspace.folder('features', features), 90);
    await makeOlder(workspace.folder('run', first), 90);
    const second = await publishRun(workspace, { data, features, options: { second: true } });
    await line('new', 0);
    await aimaas('prune', '--older-than', '30d', '--yes');
    expect(await ids('data')).toContain(data);
    expect(await ids('features')).toContain(features);
    expect(await ids('run')).toContain(second);
    expect(await ids('run')).not.toContain(first);
  });

  test('what models were made of stays; --models takes versions that no alias points at', async () => {
    const registry = new ModelRegistry(workspace);
    const lines = [await line('a', 60), await line('b', 50), await line('c', 40)];
    for (const [index, made] of lines.entries()) {
      const version = await publishModel(
        workspace,
        { name: 'm', ...made },
        index === 0 ? 'champion' : undefined,
      );
      await makeOlder(registry.folder('m', version), 60 - index);
    }
    await line('new', 0);
    const without = await runJson<Pruned>(['prune', '--older-than', '30d', '--dry-run'], {
      cwd: folder.path,
    });
    expect(without.removed).toEqual([]);
    expect(without.kept.find(({ name }) => name === lines[0]?.run)?.neededBy).toEqual([
      'model m/1 (alias champion)',
    ]);

    await aimaas('prune', '--older-than', '30d', '--models', '--yes');
    // 1 is champion, 3 the newest.
    expect(await registry.versions('m')).toEqual([1, 3]);
    expect(await ids('run')).toContain(lines[0]?.run);
    expect(await ids('run')).toContain(lines[2]?.run);
    expect(await ids('run')).not.toContain(lines[1]?.run);
    expect(await registry.aliases('m')).toEqual({ champion: 1 });
  });

  test('leftovers of killed commands go after a day', async () => {
    await line('new', 0);
    const [old, recent] = ['.tmp-1-abc', '.tmp-2-def'].map((name) => workspace.path('runs', name));
    for (const path of [old, recent]) await mkdir(path ?? '', { recursive: true });
    const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
    await utimes(old ?? '', twoDaysAgo, twoDaysAgo);
    const { stdout } = await aimaas('prune', '--keep', '5', '--yes', '-q');
    expect(stdout).toBe(`${join('runs', '.tmp-1-abc')}\n`);
    expect(await readdir(workspace.path('runs'))).toContain('.tmp-2-def');
  });
});

describe('runs delete', () => {
  test('refuses what a model was made of, unless forced', async () => {
    const made = await line('a', 0);
    await publishModel(workspace, { name: 'm', ...made }, 'champion');
    const refused = await aimaas('runs', 'delete', made.run, '--yes');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`run ${made.run} is what model m/1 (alias champion) was made of`);
    expect((await aimaas('runs', 'delete', made.run, '--yes', '--force')).code).toBe(0);
    expect(await ids('run')).toEqual([]);
  });
});
