import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { resolveModel } from '../../../src/steps/resolve-model.js';
import { temporaryName } from '../../../src/workspace/atomic.js';
import { ModelRegistry } from '../../../src/workspace/registry.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import { bundleManifest } from '../../helpers/bundle.js';

const access = { reporter: silentReporter };
let root: string;
let workspace: Workspace;
let registry: ModelRegistry;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'aimaas-resolve-'));
  workspace = new Workspace(root);
  registry = new ModelRegistry(workspace);
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function writeWeights(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'predictor.json'), '{}');
  await writeFile(join(folder, 'network.onnx'), 'onnx');
}

async function publish(name: string, key: string): Promise<void> {
  const folder = temporaryName(join(root, 'models', name, 'x'));
  await writeWeights(folder);
  await registry.publish(folder, bundleManifest({ name, key }), access);
}

async function train(id: string, withWeights = true): Promise<void> {
  await workspace.publish({
    kind: 'run',
    id,
    key: {},
    reporter: silentReporter,
    write: async (dir) => {
      if (withWeights) await writeWeights(dir);
      return { state: withWeights ? 'complete' : 'interrupted', dataName: 'iris flowers' };
    },
  });
}

const resolve = async (model?: string): ReturnType<typeof resolveModel> =>
  resolveModel({ workspace: root }, model);

describe('without an argument', () => {
  it('says how to get a first model', async () => {
    await expect(resolve()).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      hint: 'aimaas run data.csv --target COLUMN',
    });
  });

  it('takes the current run while nothing is exported', async () => {
    await train('aaaa00000000');
    await train('bbbb00000000');
    expect(await resolve()).toEqual({
      folder: workspace.folder('run', 'bbbb00000000'),
      name: 'iris-flowers',
      version: null,
      run: 'bbbb00000000',
    });
  });

  it('takes the newest exported model', async () => {
    await train('aaaa00000000');
    await publish('penguins', 'a');
    await new Promise((done) => setTimeout(done, 5));
    await publish('cars', 'b');
    expect(await resolve()).toMatchObject({ name: 'cars', version: 1, run: '0123456789ab' });
  });
});

describe('with an argument', () => {
  beforeEach(async () => {
    await publish('penguins', 'a');
    await publish('penguins', 'b');
    await registry.setAlias('penguins', 'champion', 1, access);
    await train('aaaa00000000');
    await train('aabb00000000');
  });

  it.each([
    ['penguins', 2],
    ['penguins@latest', 2],
    ['penguins@champion', 1],
    ['penguins@1', 1],
    ['penguins/1', 1],
    ['penguins/v2', 2],
    ['penguins/latest', 2],
  ])('takes %s as version %d', async (model, version) => {
    expect(await resolve(model)).toEqual({
      folder: registry.folder('penguins', version),
      name: 'penguins',
      version,
      run: '0123456789ab',
    });
  });

  it('takes the beginning of a run id', async () => {
    expect(await resolve('aabb')).toMatchObject({ run: 'aabb00000000', version: null });
    await expect(resolve('aa')).rejects.toThrow(/fits more than one run: aaaa00000000, aabb00000000|aabb/);
  });

  it('takes the path of a bundle that was copied elsewhere, and of a run', async () => {
    const copy = join(root, 'deployed');
    await cp(registry.folder('penguins', 1), copy, { recursive: true });
    expect(await resolve(copy)).toEqual({ folder: copy, name: 'penguins', version: 1, run: '0123456789ab' });
    expect(await resolve(workspace.folder('run', 'aaaa00000000'))).toMatchObject({ run: 'aaaa00000000' });
  });

  it.each([
    ['pengins', /no model or run "pengins".*Did you mean "penguins"\?/],
    ['penguins@champoin', /no alias "champoin"\. Did you mean "champion"\?/],
    ['penguins/9', /no version 9; it has 1, 2\./],
    ['penguins/champion', /not a version number of model penguins/],
    ['penguins/', /not a version number/],
    ['', /no model or run ""/],
    ['ffff', /no model or run "ffff"/],
    ['./nowhere', /does not exist/],
    ['../../etc', /no model at|not an exported model/],
  ])('refuses %j', async (model, message) => {
    const error = await resolve(model).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect((error as Error).message).toMatch(message);
  });

  it('says what a run without weights needs', async () => {
    await train('cccc00000000', false);
    await expect(resolve('cccc')).rejects.toMatchObject({
      code: 'ARTIFACT_INCOMPATIBLE',
      hint: 'aimaas train --resume cccc00000000',
    });
  });

  it('refuses a folder that is no model', async () => {
    await expect(resolve(root)).rejects.toThrow(/is not an exported model/);
  });
});
