import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PredictorFile, TargetState } from '../../src/core/artifacts.js';
import { Random } from '../../src/core/random.js';
import type { ColumnSchema, Table } from '../../src/core/table.js';
import { float32 } from '../../src/core/tensor.js';
import { type FittedFeatures, fitFeatures } from '../../src/features/index.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { toOnnx } from '../../src/graph/onnx/index.js';
import { SYMBOLIC_BATCH } from '../../src/graph/symbolic.js';
import { outputsOf } from '../../src/tasks/index.js';

export interface PredictorFolderOptions {
  readonly columns: readonly ColumnSchema[];
  readonly rows: Table;
  readonly target: TargetState;
  /** Other weights, other answers. */
  readonly seed?: number;
  /** Units of the hidden layers. */
  readonly units?: readonly number[];
}

/**
 * Writes predictor.json and network.onnx of a small dense network with random weights: a model like a trained one in
 * everything but its quality, made in milliseconds.
 */
export async function writePredictorFolder(
  folder: string,
  options: PredictorFolderOptions,
): Promise<FittedFeatures> {
  const schema = { columns: options.columns, target: null };
  const features = await fitFeatures(schema, [options.rows]);
  const file: PredictorFile = {
    schemaVersion: 1,
    task: options.target.task,
    schema,
    target: options.target,
    features: features.toJSON(),
  };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'predictor.json'), JSON.stringify(file));
  await writeFile(join(folder, 'network.onnx'), network(features.layout.length, options));
  return features;
}

function network(width: number, { target, seed = 1, units = [8] }: PredictorFolderOptions): Uint8Array {
  const builder = new GraphBuilder();
  const random = new Random(seed);
  const normal = (shape: readonly number[]): number => {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from({ length: size }, () => random.normal());
    return builder.constant(float32(shape, values));
  };
  let value = builder.input('features', [SYMBOLIC_BATCH, width]);
  const sizes = [width, ...units, outputsOf(target)];
  for (let layer = 1; layer < sizes.length; layer++) {
    const [from, to] = [sizes[layer - 1] as number, sizes[layer] as number];
    const product = builder.op('BatchMatMul', [value, normal([from, to])], {
      transposeA: false,
      transposeB: false,
    });
    value = builder.op('Add', [product, normal([to])]);
    if (layer < sizes.length - 1) value = builder.op('Relu', [value]);
  }
  builder.output('scores', target.task === 'regression' ? value : builder.op('Softmax', [value], { dim: 1 }));
  return toOnnx(builder.build());
}
