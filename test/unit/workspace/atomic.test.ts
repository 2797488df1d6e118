import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFileAtomic, writeJsonAtomic } from '../../../src/workspace/atomic.js';
import { temporaryFolder } from '../../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

describe('writeFileAtomic', () => {
  test('makes the folders, replaces the file, and leaves nothing else', async () => {
    const path = join(folder.path, 'a', 'b', 'file.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
    expect(await readdir(join(folder.path, 'a', 'b'))).toEqual(['file.txt']);
  });

  test('many writers at once: the file is one of theirs, whole', async () => {
    const path = join(folder.path, 'file.json');
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(50_000));
    await Promise.all(texts.map((text) => writeJsonAtomic(path, { text })));
    const { text } = JSON.parse(await readFile(path, 'utf8')) as { text: string };
    expect(texts).toContain(text);
    expect(await readdir(folder.path)).toEqual(['file.json']);
  });

  test('a parent that is a file is a STORAGE error that names the path', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const path = join(folder.path, 'file', 'below.txt');
    await expect(writeFileAtomic(path, 'x')).rejects.toMatchObject({ code: 'STORAGE', exitCode: 4 });
    await expect(writeFileAtomic(path, 'x')).rejects.toThrow(path);
  });

  test.skipIf(process.getuid?.() === 0)('a folder without write permission keeps its old file', async () => {
    const closed = join(folder.path, 'closed');
    await mkdir(closed);
    await writeFile(join(closed, 'file'), 'old');
    await chmod(closed, 0o500);
    await expect(writeFileAtomic(join(closed, 'file'), 'new')).rejects.toMatchObject({ code: 'STORAGE' });
    await chmod(closed, 0o700);
    expect(await readFile(join(closed, 'file'), 'utf8')).toBe('old');
  });

  test('a path that is a folder', async () => {
    await mkdir(join(folder.path, 'taken', 'x'), { recursive: true });
    await expect(writeFileAtomic(join(folder.path, 'taken'), 'x')).rejects.toMatchObject({ code: 'STORAGE' });
    expect(await readdir(folder.path)).toEqual(['taken']);
  });
});
