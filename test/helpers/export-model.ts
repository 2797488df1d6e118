import type { TargetState } from '../../src/core/artifacts.js';
import { Random } from '../../src/core/random.js';
import {
  type Column,
  type ColumnKind,
  type DataSchema,
  stringColumn,
  type Table,
} from '../../src/core/table.js';
import { float32 } from '../../src/core/tensor.js';
import { openOnnx } from '../../src/engines/onnx-file.js';
import type { ExportModel } from '../../src/exporters/index.js';
import { FeatureFitter, type FeatureChoices, type FittedFeatures } from '../../src/features/index.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { toOnnx } from '../../src/graph/onnx/index.js';
import { SYMBOLIC_BATCH } from '../../src/graph/symbolic.js';

/** Rows with every kind of column that a graph can prepare, missing cells among them. */
export function rowsOfEveryKind(rows = 240, seed = 1): { schema: DataSchema; table: Table } {
  const random = new Random(seed);
  const missing = (): boolean => random.uniform() < 0.08;
  const number = (draw: () => number): Column => ({
    storage: 'number',
    values: Float64Array.from({ length: rows }, () => (missing() ? NaN : draw())),
  });
  const pick = (words: readonly string[], mayMiss = true): Column =>
    stringColumn(
      Array.from({ length: rows }, () =>
        mayMiss && missing() ? null : (words[random.integer(words.length)] ?? ''),
      ),
    );
  const cities = Array.from({ length: 30 }, (_, i) => `city ${i}`);
  const columns: [string, ColumnKind, Column][] = [
    ['body mass (g)', 'number', number(() => 4200 + 800 * random.normal())],
    ['year', 'number', number(() => 2007 + random.integer(3))],
    ['big', 'number', number(() => 1e9 + 1e6 * random.normal())],
    ['sex', 'category', pick(['male', 'female'], false)],
    ['isla é "x"', 'category', pick(['Biscoe', 'Dream', 'Torgersen', 'né, "q"'])],
    ['city', 'category', pick(cities)],
    ['smoker', 'boolean', number(() => random.integer(2))],
    ['seen', 'date', number(() => Date.UTC(2019, 0, 1) + Math.floor(random.uniform() * 900) * 86_400_000)],
    ['at', 'date', number(() => Date.UTC(2021, 5, 1) + Math.floor(random.uniform() * 3e9))],
  ];
  return {
    schema: {
      columns: columns.map(([name, kind]) => ({ name, kind, reason: 'made', dataType: kind })),
      target: null,
    },
    table: { rows, columns: new Map(columns.map(([name, , column]) => [name, column])) },
  };
}

export function fitted(schema: DataSchema, table: Table, choices: FeatureChoices = {}): FittedFeatures {
  const fitter = new FeatureFitter(schema, choices);
  fitter.add(table);
  return fitter.finish();
}

/** Two dense layers with random weights, and what makes scores of their outputs. */
function denseNetwork(width: number, target: TargetState, seed = 7): Graph {
  const random = new Random(seed);
  const builder = new GraphBuilder();
  const weights = (rows: number, columns: number): number =>
    builder.constant(
      float32(
        [rows, columns],
        Float32Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(rows)),
      ),
    );
  const outputs = target.task === 'regression' ? 1 : target.classes.length;
  const x = builder.input('features', [SYMBOLIC_BATCH, width]);
  const hidden = builder.op('Relu', [
    builder.op('Add', [builder.op('BatchMatMul', [x, weights(width, 16)]), weights(1, 16)]),
  ]);
  const out = builder.op('Add', [
    builder.op('BatchMatMul', [hidden, weights(16, outputs)]),
    weights(1, outputs),
  ]);
  if (target.task === 'regression') {
    const spread = builder.scalar(target.standardDeviation);
    builder.output(
      'scores',
      builder.op('Add', [builder.op('Multiply', [out, spread]), builder.scalar(target.mean)]),
    );
  } else {
    builder.output('scores', builder.op('Softmax', [out], { dim: 1 }));
  }
  return builder.build();
}

export const TARGETS: readonly TargetState[] = [
  { task: 'binary', column: 'y', classes: ['no', 'sí "1"'], counts: [120, 120] },
  { task: 'multiclass', column: 'y', classes: ['a', 'b', 'ç'], counts: [80, 80, 80] },
  { task: 'regression', column: 'y', mean: 250, standardDeviation: 40, minimum: 100, maximum: 400 },
];

export function exportModel(features: FittedFeatures, target: TargetState): ExportModel {
  return {
    name: 'made',
    run: '0123456789ab',
    target,
    features,
    network: denseNetwork(features.layout.length, target),
    signature: { inputs: [], outputs: [] },
  };
}

/** What the model itself answers: its features and its network, the network run by ONNX Runtime. */
export async function ownScores(model: ExportModel, table: Table): Promise<Float32Array> {
  const session = await openOnnx(toOnnx(model.network), { threads: 1, name: 'network' });
  const shape = [table.rows, model.features.layout.length];
  const { scores } = await session.run({ features: float32(shape, model.features.transform(table)) });
  await session.dispose();
  return scores?.data as Float32Array;
}
