import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { ModelRegistry } from '../../../src/workspace/registry.js';
import { temporaryName } from '../../../src/workspace/atomic.js';
import { exists, Workspace } from '../../../src/workspace/workspace.js';
import { bundleManifest } from '../../helpers/bundle.js';

const access = { reporter: silentReporter };
let root: string;
let registry: ModelRegistry;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'aimaas-registry-'));
  registry = new ModelRegistry(new Workspace(root));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** A finished folder with one file, as export leaves it before it publishes. */
async function finished(name: string): Promise<string> {
  const folder = temporaryName(join(root, 'models', name, 'x'));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'predictor.json'), '{}');
  return folder;
}

async function publish(name: string, key: string, reuse = false): Promise<number> {
  const manifest = bundleManifest({ name, key });
  const same = reuse ? (other: { readonly key: string }) => other.key === key : undefined;
  return (await registry.publish(await finished(name), manifest, { ...access, reuse: same })).version;
}

describe('versions', () => {
  it('count from 1, per name', async () => {
    expect(await publish('penguins', 'a')).toBe(1);
    expect(await publish('penguins', 'b')).toBe(2);
    expect(await publish('cars', 'c')).toBe(1);
    expect(await registry.names()).toEqual(['cars', 'penguins']);
    expect(await registry.versions('penguins')).toEqual([1, 2]);
    expect((await registry.read('penguins', 2))?.key).toBe('b');
  });

  it('are numbered without gaps or collisions when many are published at once', async () => {
    const versions = await Promise.all(Array.from({ length: 12 }, (_, i) => publish('m', `key ${i}`)));
    expect(versions.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(new Set((await registry.list('m')).map(({ key }) => key)).size).toBe(12);
  });

  it('are made once when the same thing is published at once', async () => {
    const versions = await Promise.all(Array.from({ length: 5 }, () => publish('m', 'same', true)));
    expect(versions).toEqual([1, 1, 1, 1, 1]);
    expect((await readdir(join(root, 'models', 'm'))).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('sort as numbers', async () => {
    for (let i = 0; i < 11; i++) await publish('m', String(i));
    expect(await registry.resolve('m')).toBe(11);
  });

  it('are not given again after the highest one is deleted', async () => {
    await publish('m', 'a');
    await publish('m', 'b');
    await registry.delete('m', 2, { ...access, force: false });
    expect(await registry.versions('m')).toEqual([1]);
    expect(await publish('m', 'c')).toBe(3);
  });

  it('ignore what a killed export left and files that are no bundle', async () => {
    await publish('m', 'a');
    await finished('m');
    await writeFile(join(root, 'models', 'stray.txt'), 'x');
    await mkdir(join(root, 'models', '.tmp-1-abc'), { recursive: true });
    expect(await registry.versions('m')).toEqual([1]);
    expect(await registry.names()).toEqual(['m']);
  });
});

describe('aliases', () => {
  it('move, and say where they were', async () => {
    await publish('m', 'a');
    await publish('m', 'b');
    expect(await registry.setAlias('m', 'champion', 1, access)).toBeNull();
    expect(await registry.setAlias('m', 'champion', 2, access)).toBe(1);
    expect(await registry.resolve('m', 'champion')).toBe(2);
    expect(await registry.removeAlias('m', 'champion', access)).toBe(2);
    await expect(registry.resolve('m', 'champion')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });

  it('survive many writers at once', async () => {
    await publish('m', 'a');
    const names = Array.from({ length: 10 }, (_, i) => `alias-${i}`);
    await Promise.all(names.map((alias) => registry.setAlias('m', alias, 1, access)));
    expect(Object.keys(await registry.aliases('m')).sort()).toEqual(names);
  });

  it.each(['latest', 'Latest', '3', 'v3', 'a/b', 'a@b', ''])('cannot be called %j', async (alias) => {
    await publish('m', 'a');
    await expect(registry.setAlias('m', alias, 1, access)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('cannot point at a version that is not there', async () => {
    await publish('m', 'a');
    const error = { code: 'ARTIFACT_NOT_FOUND', message: 'Model m has no version 7; it has 1.' };
    await expect(registry.setAlias('m', 'champion', 7, access)).rejects.toMatchObject(error);
  });

  it('protect their version from deletion unless it is forced', async () => {
    await publish('m', 'a');
    await registry.setAlias('m', 'champion', 1, access);
    await expect(registry.delete('m', 1, { ...access, force: false })).rejects.toMatchObject({
      code: 'ARTIFACT_IN_USE',
    });
    expect(await exists(registry.folder('m', 1))).toBe(true);
    expect(await registry.delete('m', 1, { ...access, force: true })).toEqual(['champion']);
    expect(await registry.aliases('m')).toEqual({});
    expect(await registry.names()).toEqual([]);
  });

  it('say so when their file is damaged', async () => {
    await publish('m', 'a');
    await writeFile(join(root, 'models', 'm', 'registry.json'), '{"aliases":');
    await expect(registry.aliases('m')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

describe('names', () => {
  it('misspelt get the nearest one', async () => {
    await publish('penguins', 'a');
    const error = await registry.resolve('pengiuns').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect((error as Error).message).toContain('Did you mean "penguins"?');
  });

  it.each(['..', '../runs', '', 'a/b', '-rf', '.hidden'])(
    'never reach out of the folder: %j',
    async (name) => {
      await expect(publish(name, 'a')).rejects.toMatchObject({ code: 'USAGE' });
      expect(await registry.versions(name)).toEqual([]);
    },
  );

  it('may be of any script, in one Unicode form', async () => {
    await publish('ping\u00fcinos', 'a');
    expect(await publish('pingu\u0308inos', 'b')).toBe(2);
    expect(await registry.names()).toEqual(['ping\u00fcinos']);
  });
});
