import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileOutput, streamOutput } from '../../../src/steps/text-output.js';
import { temporaryFolder } from '../../helpers/cli.js';

describe('streamOutput', () => {
  it('waits for a slow reader', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const output = streamOutput(stream);
    let written = false;
    const writing = output.write('x'.repeat(100)).then((more) => {
      written = true;
      return more;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toBe(false);
    stream.resume();
    expect(await writing).toBe(true);
    await output.finish();
  });

  it('says that the reader went away, while it waits and afterwards', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    const output = streamOutput(stream);
    const writing = output.write('x'.repeat(100));
    stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await writing).toBe(false);
    expect(await output.write('y')).toBe(false);
  });

  it('throws any other failure', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      },
    });
    const output = streamOutput(stream);
    await output.write('x').catch(() => undefined);
    await expect(output.write('x')).rejects.toThrow('no space');
  });
});

describe('fileOutput', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.dispose());

  it('replaces a file only when it is finished', async () => {
    const path = join(folder.path, 'deep', 'out.csv');
    await mkdir(join(folder.path, 'deep'));
    await writeFile(path, 'old');
    const output = await fileOutput(path);
    await output.write('new ');
    await output.write('text');
    expect(await readFile(path, 'utf8')).toBe('old');
    await output.finish();
    expect(await readFile(path, 'utf8')).toBe('new text');
    expect(await readdir(join(folder.path, 'deep'))).toEqual(['out.csv']);
  });

  it('leaves nothing when it is abandoned', async () => {
    const output = await fileOutput(join(folder.path, 'out.csv'));
    await output.write('half');
    await output.abandon();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('says which file cannot be written', async () => {
    await writeFile(join(folder.path, 'file'), '');
    await expect(fileOutput(join(folder.path, 'file', 'out.csv'))).rejects.toMatchObject({ code: 'STORAGE' });
  });
});
