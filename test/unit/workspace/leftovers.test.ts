import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryName } from '../../../src/workspace/atomic.js';
import { isAbandoned, removeLeftovers, replacedName } from '../../../src/workspace/leftovers.js';
import { temporaryFolder } from '../../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

/** The name as a process that has ended would have given it. */
function ofTheDead(name: string): string {
  const { pid } = spawnSync(process.execPath, ['--version']);
  return basename(name).replace(`.tmp-${process.pid}-`, `.tmp-${pid}-`);
}

test('what a process that is gone had not finished goes, what another is at stays', async () => {
  const target = join(folder.path, 'run');
  const dead = ofTheDead(temporaryName(target));
  const elsewhere = dead.replace(/-[0-9a-f]{8}-/, '-00000000-');
  const alive = basename(temporaryName(target));
  for (const name of [dead, elsewhere, alive, '.tmp-other', 'run'])
    await mkdir(join(folder.path, name, 'deep'), { recursive: true });
  expect([dead, elsewhere, alive, '.tmp-other', 'run'].map(isAbandoned)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  await removeLeftovers(folder.path);
  expect((await readdir(folder.path)).sort()).toEqual([elsewhere, alive, '.tmp-other', 'run'].sort());
  await removeLeftovers(join(folder.path, 'not there'));
});

test('what was moved away for a successor that never came is put back', async () => {
  const [lost, replaced] = ['a.b', 'new'].map((name) => join(folder.path, name));
  for (const path of [lost, replaced]) {
    const old = join(folder.path, ofTheDead(replacedName(path ?? '')));
    await mkdir(old);
    await writeFile(join(old, 'content'), 'old');
  }
  await mkdir(join(folder.path, 'new'));
  await removeLeftovers(folder.path);
  expect((await readdir(folder.path)).sort()).toEqual(['a.b', 'new']);
  expect(await readFile(join(folder.path, 'a.b', 'content'), 'utf8')).toBe('old');
  expect(await readdir(join(folder.path, 'new'))).toEqual([]);
});
