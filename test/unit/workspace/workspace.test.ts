import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { sha256 } from '../../../src/workspace/hash.js';
import { removeArtifact } from '../../../src/workspace/remove.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { publishData, publishFeatures } from '../../helpers/runs.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let workspace: Workspace;
beforeEach(async () => {
  folder = await temporaryFolder();
  workspace = new Workspace(join(folder.path, 'w'));
});
afterEach(() => folder.dispose());

const publish = (text: string, id = 'abc'): ReturnType<Workspace['publish']> =>
  workspace.publish({
    kind: 'data',
    id,
    key: { text },
    reporter: silentReporter,
    async write(dir) {
      await mkdir(join(dir, 'nested'));
      await writeFile(join(dir, 'nested', 'a.txt'), text);
      return { text };
    },
  });

describe('publish', () => {
  test('writes the files, their hashes and the pointer to the newest', async () => {
    const manifest = await publish('hello');
    expect(manifest.files).toEqual({ 'nested/a.txt': { bytes: 5, sha256: sha256('hello') } });
    expect(await workspace.read('data', 'abc')).toEqual(manifest);
    expect(await workspace.current('data')).toBe('abc');
  });

  test('replaces an artifact of the same id and leaves no temporary folder', async () => {
    await publish('one');
    await publish('two');
    expect(await readFile(join(workspace.folder('data', 'abc'), 'nested', 'a.txt'), 'utf8')).toBe('two');
    expect(await readdir(workspace.path('data'))).toEqual(['abc']);
  });

  test('a failure keeps what was there and leaves nothing behind', async () => {
    await publish('one');
    const failing = workspace.publish({
      kind: 'data',
      id: 'abc',
      key: {},
      reporter: silentReporter,
      async write(dir) {
        await writeFile(join(dir, 'half'), 'x');
        throw new Error('boom');
      },
    });
    await expect(failing).rejects.toThrow('boom');
    expect(await readdir(workspace.path('data'))).toEqual(['abc']);
    expect((await workspace.read('data', 'abc'))?.content).toEqual({ text: 'one' });
  });

  test('a process killed midway leaves no artifact, and the next one goes through', async () => {
    const moduleUrl = new URL('../../../dist/workspace/workspace.js', import.meta.url).href;
    const script = `
      import { writeFileSync } from 'node:fs';
      import { Workspace } from ${JSON.stringify(moduleUrl)};
      const reporter = { info() {}, warn() {}, debug() {} };
      await new Workspace(${JSON.stringify(workspace.root)}).publish({
        kind: 'data', id: 'abc', key: {}, reporter,
        async write(dir) {
          writeFileSync(dir + '/half', 'x');
          console.log('writing');
          await new Promise(() => setInterval(() => {}, 1000));
        },
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');

    expect(await workspace.read('data', 'abc')).toBeUndefined();
    expect(await workspace.list('data')).toEqual([]);
    expect(await workspace.current('data')).toBeUndefined();
    await publish('after');
    expect((await workspace.list('data')).map(({ id }) => id)).toEqual(['abc']);
  });
});

describe('finding', () => {
  test('by id, by prefix, newest, and not at all', async () => {
    await publish('one', 'aaa111');
    await publish('two', 'aab222');
    expect((await workspace.find('data')).id).toBe('aab222');
    expect((await workspace.find('data', 'aaa')).id).toBe('aaa111');
    await expect(workspace.find('data', 'aa')).rejects.toThrow(
      '"aa" fits more than one data set: aaa111, aab222.',
    );
    await expect(workspace.find('data', 'zzz')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    await expect(workspace.find('run')).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      hint: 'aimaas train',
    });
  });

  test('the current one is the newest left when the pointer leads nowhere', async () => {
    await publish('one', 'aaa111');
    await publish('two', 'aab222');
    await rm(workspace.folder('data', 'aab222'), { recursive: true });
    expect(await workspace.current('data')).toBe('aaa111');
  });

  test('a manifest that is damaged or of the future says so', async () => {
    await publish('one');
    const path = join(workspace.folder('data', 'abc'), 'manifest.json');
    await writeFile(path, '{"schemaVersion": 1, ');
    await expect(workspace.read('data', 'abc')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    await writeFile(path, '{"schemaVersion": 2}');
    await expect(workspace.read('data', 'abc')).rejects.toMatchObject({ code: 'ARTIFACT_INCOMPATIBLE' });
  });
});

test('removing takes one artifact whole; removing again does nothing', async () => {
  const data = await publishData(workspace, 'one');
  const features = await publishFeatures(workspace, data);
  await removeArtifact(workspace, 'data', data);
  expect(await readdir(workspace.path('data'))).toEqual([]);
  expect(await workspace.read('features', features)).toBeDefined();
  await removeArtifact(workspace, 'data', data);
});
