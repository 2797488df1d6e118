import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { carriedModel } from '../../../src/graph/tensorflow/carriers.js';
import { decodeSavedModel } from '../../../src/graph/tensorflow/decode.js';
import { readForeignSignature } from '../../../src/graph/tensorflow/foreign-model.js';
import { encodeSavedModel } from '../../../src/graph/tensorflow/proto.js';
import type { DataType, NodeDef, SavedModel } from '../../../src/graph/tensorflow/types.js';
import { findInstallation } from '../../../src/engines/tensorflow/installation.js';
import { resolveTarget } from '../../../src/steps/serve/references.js';
import { openServedSavedModel } from '../../../src/steps/serve/served-saved-model.js';
import { temporaryFolder } from '../../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
  vi.stubEnv('AIMAAS_HOME', join(folder.path, 'home'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await folder.dispose();
});

function placeholder(name: string, type: DataType): NodeDef {
  return { name, op: 'Placeholder', input: [], attr: { dtype: { type } } };
}

/** Passes its input through. */
function identity(type: DataType, signatures = ['serving_default']): SavedModel {
  const shape = [-1, 2];
  const signature = {
    inputs: { z: { name: 'in:0', type, shape }, a: { name: 'other:0', type: 'float' as const, shape } },
    outputs: { y: { name: 'out:0', type, shape: null } },
  };
  return {
    graph: {
      nodes: [
        placeholder('in', type),
        placeholder('other', 'float'),
        { name: 'out', op: 'Identity', input: ['in'], attr: { T: { type } } },
      ],
      functions: [],
    },
    signatures: Object.fromEntries(signatures.map((name) => [name, signature])),
    initializer: 'init',
  };
}

async function saved(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'saved_model.pb'), content);
  return path;
}

describe('the signature of a SavedModel from elsewhere', () => {
  it('is serving_default, with inputs and outputs by name', () => {
    const signature = readForeignSignature(
      encodeSavedModel(identity('double', ['other', 'serving_default'])),
    );
    expect(signature).toEqual({
      name: 'serving_default',
      inputs: {
        a: { name: 'other:0', type: 'float', shape: [-1, 2] },
        z: { name: 'in:0', type: 'double', shape: [-1, 2] },
      },
      outputs: { y: { name: 'out:0', type: 'double', shape: null } },
    });
    expect(Object.keys(signature.inputs)).toEqual(['a', 'z']);
  });

  it('is the only one where none is called so', () => {
    expect(readForeignSignature(encodeSavedModel(identity('float', ['only']))).name).toBe('only');
    expect(() => readForeignSignature(encodeSavedModel(identity('float', ['one', 'two'])))).toThrow(
      'none of its signatures (one, two) is called serving_default',
    );
    expect(() => readForeignSignature(encodeSavedModel(identity('float', [])))).toThrow('no signature');
    expect(() => readForeignSignature(new Uint8Array())).toThrow('no graph');
  });
});

describe('a graph whose types the addon does not pass', () => {
  it('stays as it is where there are none', () => {
    const bytes = encodeSavedModel(identity('int64'));
    const carried = carriedModel(bytes, readForeignSignature(bytes));
    expect([carried.bytes, [...carried.feeds], [...carried.fetches]]).toEqual([
      undefined,
      [
        ['a', 'other:0'],
        ['z', 'in:0'],
      ],
      [['y', 'out:0']],
    ]);
  });

  it.each<[DataType, string[], string[]]>([
    ['double', ['Bitcast'], ['Bitcast']],
    ['uint8', ['Cast'], ['Cast']],
    ['half', ['Cast', 'Bitcast'], ['Bitcast', 'Cast']],
  ])('gets conversions around it: %s', (type, before, behind) => {
    const bytes = encodeSavedModel(identity(type));
    const carried = carriedModel(bytes, readForeignSignature(bytes));
    const changed = decodeSavedModel(carried.bytes ?? new Uint8Array());
    const nodes = new Map(changed.graph.nodes.map((node) => [node.name, node]));
    const chain = (name: string): string[] => {
      const node = nodes.get(name);
      return node === undefined
        ? ['?']
        : [...node.input.flatMap((input) => chain(input.split(':')[0] ?? '')), node.op];
    };
    const fetch = carried.fetches.get('y')?.split(':')[0] ?? '';
    expect(chain(fetch)).toEqual(['Placeholder', ...before, 'Identity', ...behind]);
    expect(nodes.get(carried.feeds.get('z')?.split(':')[0] ?? '')?.op).toBe('Placeholder');
    expect(nodes.size).toBe(changed.graph.nodes.length);
    expect(changed.signatures).toEqual(decodeSavedModel(bytes).signatures);
    expect(changed.initializer).toBe('init');
  });
});

describe('serving a SavedModel from elsewhere', () => {
  it('finds its folder, its file, and the newest of its versions', async () => {
    const bytes = encodeSavedModel(identity('float'));
    const plain = await saved('plain', bytes);
    await saved('many/9', bytes);
    const newest = await saved('many/10', bytes);
    await mkdir(join(folder.path, 'many/11'));
    const at = (path: string): ReturnType<typeof resolveTarget> =>
      resolveTarget({ workspace: folder.path }, path);
    const target = { folder: plain, name: 'plain', version: null, labels: [] };
    expect(await at(plain)).toEqual(target);
    expect(await at(join(plain, 'saved_model.pb'))).toEqual(target);
    const version = { folder: newest, name: 'many', version: 10, labels: [] };
    expect(await at(join(folder.path, 'many'))).toEqual(version);
    expect(await at(newest)).toEqual(version);
    await expect(at(join(folder.path, 'none', 'saved_model.pb'))).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    });
  });

  it.each([
    ['text', 'no model', 'ARTIFACT_CORRUPT', 'not a SavedModel that can be served'],
    ['empty', '', 'ARTIFACT_CORRUPT', 'no graph'],
    ['cut', encodeSavedModel(identity('float')).subarray(0, 60), 'ARTIFACT_CORRUPT', 'saved_model.pb'],
    ['complex', encodeSavedModel(identity('complex64')), 'UNSUPPORTED', 'of type complex64'],
  ])('refuses what it cannot serve: %s', async (name, content, code, words) => {
    const path = await saved(name, content);
    const opened = openServedSavedModel({ path, name, version: null, labels: [] }, {});
    await expect(opened).rejects.toMatchObject({ code, message: expect.stringContaining(words) as unknown });
  });

  it('says what to install where there is no TensorFlow', async () => {
    if (findInstallation() !== undefined) return;
    const path = await saved('plain', encodeSavedModel(identity('float')));
    const source = { path, name: 'plain', version: null, labels: [] };
    await expect(openServedSavedModel(source, {})).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      exitCode: 4,
      hint: expect.stringContaining('aimaas engines install tensorflow') as unknown,
    });
    const signers = { trust: { requireSignature: ['key.pem'] } };
    await expect(openServedSavedModel(source, signers)).rejects.toMatchObject({ code: 'ARTIFACT_UNTRUSTED' });
  });
});
