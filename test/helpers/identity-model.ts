import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DType } from '../../src/core/tensor.js';
import { onnxModel } from '../../src/graph/onnx/index.js';
import type { TensorModel } from '../../src/server/served-model.js';
import { openServedOnnx } from '../../src/steps/serve/served-onnx.js';

/** A model of one operation that gives back what it is given: input x, output y. */
export async function openIdentity(
  folder: string,
  name: string,
  dtype: DType,
  shape: readonly (number | string)[],
): Promise<TensorModel> {
  const path = join(folder, `${name}.onnx`);
  const bytes = onnxModel({
    name,
    nodes: [{ opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: new Map(),
    inputs: [{ name: 'x', dtype, shape }],
    outputs: [{ name: 'y', dtype, shape }],
  });
  await writeFile(path, bytes);
  return openServedOnnx({ path, name, version: null, labels: [] }, {});
}
