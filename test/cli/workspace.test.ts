import { spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli, spawnCli, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'rows.csv'), `a,b,y\n${'1,2,x\n3,5,z\n'.repeat(20)}`);
});
afterEach(() => folder.dispose());

const COLLECT = ['collect', 'rows.csv', '--target', 'y'];

describe('a workspace that cannot be made ends the command at once, with its path', () => {
  const linux = process.platform === 'linux';
  test
    .runIf(linux)
    .each([[COLLECT], [['run', 'rows.csv', '--target', 'y']], [['keys', 'create', 'somebody']]])(
    'in /proc: %j',
    async (argv) => {
      const { code, stdout, stderr } = await spawnCli([...argv, '--workspace', '/proc/x'], {
        cwd: folder.path,
      });
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
      expect(stderr).toMatch(/error: Cannot write \/proc\/x\/\w+: no folder can be made there\.\n {2}hint: /);
    },
  );

  test('below a file', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const { code, stderr } = await runCli([...COLLECT, '--workspace', 'file/w'], { cwd: folder.path });
    expect(code).toBe(4);
    expect(stderr).toContain(
      `Cannot write ${join(folder.path, 'file/w/cache')}: a parent of the path is a file`,
    );
  });

  test.each([
    ['a file', 'rows.csv', 'The workspace is "rows.csv", which is a file; expected a folder.'],
    ['an empty text', '', 'The workspace is named by an empty text; expected a folder.'],
  ])('%s is none', async (_, workspace, message) => {
    for (const argv of [COLLECT, ['status'], ['models', 'list']]) {
      const { code, stderr } = await runCli([...argv, '--workspace', workspace], { cwd: folder.path });
      expect({ argv, code, message: stderr.split('\n')[0] }).toEqual({
        argv,
        code: 2,
        message: `error: ${message}`,
      });
    }
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
});

/** Whether a file system of our own can be mounted, as it can by root in most containers. */
function mounted(path: string, options: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
}

describe('a file system that takes no more', () => {
  test('read-only', async ({ skip }) => {
    const place = join(folder.path, 'mount');
    await mkdir(place);
    if (!mounted(place, 'ro,size=64k')) return skip();
    try {
      const { code, stderr } = await runCli([...COLLECT, '--workspace', 'mount/w'], { cwd: folder.path });
      expect(code).toBe(4);
      expect(stderr).toContain(`Cannot write ${join(place, 'w/cache')}: the file system is read-only.`);
    } finally {
      spawnSync('umount', [place]);
    }
  });

  test('a full disk leaves nothing half done, and what was done is gone on with when there is room', async ({
    skip,
  }) => {
    const place = join(folder.path, 'mount');
    await mkdir(place);
    if (!mounted(place, 'size=128k')) return skip();
    const run = ['run', 'rows.csv', '--target', 'y', '--set', 'train.epochs=1', '--set', 'train.members=1'];
    try {
      const full = await runCli([...run, '--workspace', 'mount'], { cwd: folder.path });
      expect(full.code).toBe(4);
      expect(full.stderr).toMatch(new RegExp(`Cannot write ${place}/.*: the disk is full\\.`));
      const left = await readdir(place, { recursive: true });
      expect(left.filter((name) => /\.tmp-|\.lock$/.test(name))).toEqual([]);
      expect(spawnSync('mount', ['-o', 'remount,size=8m', place]).status).toBe(0);
      const again = await runCli([...run, '--workspace', 'mount', '-q'], { cwd: folder.path });
      expect(again).toMatchObject({ code: 0, stdout: 'rows/1\n' });
    } finally {
      spawnSync('umount', [place]);
    }
  });
});

test.runIf(process.getuid?.() !== 0 && process.platform !== 'win32')(
  'a folder that may not be read is not taken for an empty one',
  async () => {
    const runs = join(folder.path, '.aimaas', 'runs');
    await mkdir(runs, { recursive: true, mode: 0o000 });
    const { code, stderr } = await runCli(['runs', 'list'], { cwd: folder.path });
    expect(code).toBe(4);
    expect(stderr).toContain(`Cannot read ${runs}: permission denied.`);
  },
);
