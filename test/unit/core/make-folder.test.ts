import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '../../../src/core/make-folder.js';
import { temporaryFolder } from '../../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

test('makes what is missing, of a mode, and leaves what is there', async () => {
  const path = join(folder.path, 'a', 'b', 'c');
  await makeFolder(path, { mode: 0o700 });
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  await writeFile(join(path, 'file'), 'kept');
  await makeFolder(path);
  await makeFolder(`${path}/`);
  await makeFolder('/');
  await makeFolder('.');
  expect(await readFile(join(path, 'file'), 'utf8')).toBe('kept');
});

test('several at a time make the same', async () => {
  const path = join(folder.path, 'x', 'y');
  await Promise.all(Array.from({ length: 20 }, () => makeFolder(path)));
  expect((await stat(path)).isDirectory()).toBe(true);
});

test('several at a time make folders whose parent each finds missing', async () => {
  for (let round = 0; round < 20; round++) {
    const parent = join(folder.path, String(round), 'parent');
    await Promise.all(Array.from({ length: 20 }, (_, i) => makeFolder(join(parent, String(i)))));
    expect(await readdir(parent)).toHaveLength(20);
  }
});

test('a file in the way is the error it is with mkdir', async () => {
  const file = join(folder.path, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'a'), join(file, 'a', 'b')]) {
    const error = (await mkdir(path, { recursive: true }).catch((thrown: unknown) => thrown)) as Error;
    await expect(makeFolder(path)).rejects.toMatchObject({ code: (error as NodeJS.ErrnoException).code });
  }
});

test.runIf(process.platform === 'linux').each(['/proc/x', '/proc/x/y/z', '/proc/self/fdinfo/x'])(
  '%s, where no folder can ever be made, is an error at once',
  async (path) => {
    await expect(makeFolder(path)).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining('/proc') as string,
    });
  },
);
