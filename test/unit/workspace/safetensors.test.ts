import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TensorData } from '../../../src/core/tensor.js';
import { readSafetensors, writeSafetensors } from '../../../src/workspace/safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const TENSORS: Record<string, TensorData> = {
  flags: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  'x — ü': { dtype: 'float32', shape: [2, 3], data: Float32Array.of(1, -0, NaN, Infinity, 1e-45, 3.4e38) },
  y: { dtype: 'float64', shape: [2], data: Float64Array.of(Math.PI, -5e-324) },
  row: { dtype: 'int32', shape: [2, 1], data: Int32Array.of(-1, 2_147_483_647) },
  long: { dtype: 'int64', shape: [1], data: BigInt64Array.of(-9_223_372_036_854_775_808n) },
  none: { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) },
  scalar: { dtype: 'float32', shape: [], data: Float32Array.of(7) },
};

test('what is written is read, whatever the types', async () => {
  const path = join(folder, 'all.safetensors');
  await writeSafetensors(path, TENSORS, { made: 'here' });
  expect(await readSafetensors(path)).toEqual(TENSORS);
});

test('a view of a larger buffer is written as what it shows', async () => {
  const path = join(folder, 'view.safetensors');
  const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
  await writeSafetensors(path, { x: { dtype: 'float32', shape: [2], data } });
  expect((await readSafetensors(path))['x']?.data).toEqual(Float32Array.of(2, 3));
});

test('the file is laid out as the format says', async () => {
  const path = join(folder, 'layout.safetensors');
  await writeSafetensors(path, {
    small: { dtype: 'bool', shape: [1], data: Uint8Array.of(1) },
    x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
  });
  const file = await readFile(path);
  const length = Number(file.readBigUInt64LE(0));
  expect((8 + length) % 8).toBe(0);
  expect(JSON.parse(file.subarray(8, 8 + length).toString())).toEqual({
    x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    small: { dtype: 'BOOL', shape: [1], data_offsets: [4, 5] },
  });
  expect(file.length).toBe(8 + length + 5);
});

test('a file whose header is not padded is read too', async () => {
  const path = join(folder, 'odd.safetensors');
  const header = Buffer.from('{"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  await writeFile(path, Buffer.concat([prefix, header, Buffer.from(Float64Array.of(2.5).buffer)]));
  expect((await readSafetensors(path))['x']?.data).toEqual(Float64Array.of(2.5));
});

describe('damaged files', () => {
  const header = (text: string, rest = 0): Buffer => {
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(Buffer.byteLength(text)));
    return Buffer.concat([prefix, Buffer.from(text), Buffer.alloc(rest)]);
  };

  test.each([
    ['nothing in it', Buffer.alloc(0)],
    ['shorter than its header', header('{"x":').subarray(0, 10)],
    ['an absurd header length', Buffer.alloc(64, 0xff)],
    ['no JSON', header('{"x":')],
    ['no object', header('[1]')],
    ['no description', header('{"x":3}')],
    ['an unknown type', header('{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}', 2)],
    ['a shape of other bytes', header('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 8)],
    ['data beyond the end', header('{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 4)],
    ['a negative dimension', header('{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)],
  ])('%s', async (_name, content) => {
    const path = join(folder, 'damaged.safetensors');
    await writeFile(path, content);
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  test('every cut of a file is noticed', async () => {
    const path = join(folder, 'whole.safetensors');
    await writeSafetensors(path, { x: { dtype: 'float32', shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    const whole = await readFile(path);
    const cut = join(folder, 'cut.safetensors');
    for (let length = 0; length < whole.length; length++) {
      await writeFile(cut, whole.subarray(0, length));
      await expect(readSafetensors(cut)).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
    }
  });

  test('no file', async () => {
    await expect(readSafetensors(join(folder, 'none'))).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  });
});

test('a tensor whose data does not fill its shape is a mistake of the caller', async () => {
  const tensor: TensorData = { dtype: 'float32', shape: [3], data: Float32Array.of(1) };
  await expect(writeSafetensors(join(folder, 'bad'), { x: tensor })).rejects.toThrow(RangeError);
  const strings: TensorData = { dtype: 'string', shape: [1], data: ['a'] };
  await expect(writeSafetensors(join(folder, 'bad'), { x: strings })).rejects.toThrow(TypeError);
});
