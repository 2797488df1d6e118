import { Random } from '../../src/core/random.js';
import { float32, type TensorData } from '../../src/core/tensor.js';
import { openOnnx } from '../../src/engines/onnx-file.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Attributes, Graph, ValueId } from '../../src/graph/graph.js';
import { toOnnx } from '../../src/graph/onnx/index.js';
import { SYMBOLIC_BATCH as B } from '../../src/graph/symbolic.js';
import { VOLUME_CASES, WINDOW_CASES } from './window-cases.js';

type Case = readonly [name: string, build: (builder: GraphBuilder, x: ValueId) => ValueId];

const random = new Random(3);
export const values = (...shape: number[]): TensorData =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  );
const ints = (shape: number[], ...data: number[]): TensorData => ({
  dtype: 'int32',
  shape,
  data: Int32Array.from(data),
});

const unary = (op: string, attributes: Attributes = {}): Case => [
  op,
  (builder, x) => builder.op(op, [x], attributes),
];
/** An op whose argument has to be in (0, 1). */
const ofUnit = (op: string): Case => [op, (builder, x) => builder.op(op, [builder.op('Sigmoid', [x])])];
const binary = (op: string, other: TensorData = values(1, 4)): Case => [
  op,
  (builder, x) => builder.op(op, [x, builder.constant(other)]),
];
const numeric = (builder: GraphBuilder, condition: ValueId): ValueId =>
  builder.op('Cast', [condition], { dtype: 'float32' });
const comparison = (op: string): Case => [
  op,
  (builder, x) => numeric(builder, builder.op(op, [x, builder.constant(values(1, 4))])),
];
const logical = (op: string): Case => [
  op,
  (builder, x) => {
    const zero = builder.scalar(0);
    const one = builder.scalar(0.5);
    return numeric(builder, builder.op(op, [builder.op('Greater', [x, zero]), builder.op('Less', [x, one])]));
  },
];
const reduction = (op: string, axis: number | number[], keepDims = false): Case => [
  `${op} over ${JSON.stringify(axis)}`,
  (builder, x) => builder.op(op, [x], { axis, keepDims }),
];

/** A loop that adds up its elements, times a captured row: what a recurrent layer is made of. */
function loop(reverse: boolean): Case {
  return [
    `Scan${reverse ? ' from the end' : ''}`,
    (builder, x) => {
      const body = new GraphBuilder();
      const state = body.input('in0', [B, 2]);
      const element = body.input('in1', [B, 2]);
      const factor = body.input('in2', [1, 2]);
      const next = body.op('Add', [body.op('Multiply', [state, factor]), element]);
      body.output('out0', next);
      body.output('out1', body.op('Tanh', [next]));
      const steps = builder.op('Transpose', [builder.op('Reshape', [x], { shape: [B, 2, 2] })], {
        perm: [1, 0, 2],
      });
      const start = builder.op('Fill', [], { shape: [B, 2], value: 0.5, dtype: 'float32' });
      const layout = { states: 1, sequences: 1, length: 2, reverse };
      const made = builder.scan(body.build(), [start, steps, builder.constant(values(1, 2))], layout);
      const [last = x, all = x] = made;
      return builder.op('Add', [all, builder.op('ExpandDims', [last], { dim: 0 })]);
    },
  ];
}

/** Every kernel of graphs for inference on x float32 [batch, 4]; the result is float32 or int32. */
export const GRAPH_CASES: readonly Case[] = [
  ...['Abs', 'Neg', 'Ceil', 'Floor', 'Round', 'Sign', 'Exp', 'Expm1', 'Square', 'Identity'].map((op) =>
    unary(op),
  ),
  ...['Relu', 'Relu6', 'Elu', 'Selu', 'Sigmoid', 'Softplus', 'Tanh', 'Erf', 'Sin', 'Cos', 'Tan'].map((op) =>
    unary(op),
  ),
  ...['Sinh', 'Cosh', 'Asinh', 'Atan', 'Reciprocal'].map((op) => unary(op)),
  ...['Log', 'Log1p', 'Sqrt', 'Rsqrt', 'Asin', 'Acos', 'Atanh'].map(ofUnit),
  ['Acosh', (builder, x) => builder.op('Acosh', [builder.op('Exp', [builder.op('Abs', [x])])])],
  unary('LeakyRelu', { alpha: 0.2 }),
  unary('Step', { alpha: 0.25 }),
  unary('ClipByValue', { clipValueMin: -0.5, clipValueMax: 0.75 }),
  unary('Softmax', { dim: 1 }),
  unary('LogSoftmax', { dim: -1 }),
  unary('Cumsum', { axis: 1, exclusive: true, reverse: false }),
  unary('Reverse', { dims: [1] }),
  ...[
    'Add',
    'Sub',
    'Multiply',
    'RealDiv',
    'Maximum',
    'Minimum',
    'SquaredDifference',
    'Mod',
    'Atan2',
    'Prelu',
  ].map((op) => binary(op)),
  ['Pow', (builder, x) => builder.op('Pow', [builder.op('Exp', [x]), builder.constant(values(4))])],
  ['FloorDiv', (builder, x) => builder.op('FloorDiv', [x, builder.scalar(0.3)])],
  ['AddN', (builder, x) => builder.op('AddN', [x, builder.op('Exp', [x]), x])],
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'].map(comparison),
  ...['LogicalAnd', 'LogicalOr', 'LogicalXor'].map(logical),
  [
    'LogicalNot',
    (builder, x) =>
      numeric(builder, builder.op('LogicalNot', [builder.op('Greater', [x, builder.scalar(0)])])),
  ],
  ...['IsNan', 'IsInf', 'IsFinite'].map((op): Case => [
    op,
    (builder, x) =>
      numeric(
        builder,
        builder.op(op, [builder.op('RealDiv', [builder.op('Relu', [x]), builder.op('Relu', [x])])]),
      ),
  ]),
  [
    'Select',
    (builder, x) => {
      const condition = builder.op('Greater', [x, builder.scalar(0)]);
      return builder.op('Select', [condition, x, builder.constant(values(1, 4))]);
    },
  ],
  [
    'Select of whole rows',
    (builder, x) => {
      const best = builder.op('Max', [x], { axis: [1], keepDims: false });
      const condition = builder.op('Greater', [best, builder.scalar(1)]);
      return builder.op('Select', [condition, x, builder.op('Neg', [x])]);
    },
  ],
  ...['Sum', 'Mean', 'Max', 'Min', 'Prod'].map((op) => reduction(op, [1])),
  reduction('Sum', [0, 1]),
  reduction('Mean', 1, true),
  ...['All', 'Any'].map((op): Case => [
    op,
    (builder, x) =>
      numeric(
        builder,
        builder.op(op, [builder.op('Greater', [x, builder.scalar(-0.5)])], { axis: [1], keepDims: false }),
      ),
  ]),
  ['ArgMax', (builder, x) => builder.op('ArgMax', [x], { axis: 1 })],
  ['ArgMin', (builder, x) => builder.op('ArgMin', [x], { axis: 1 })],
  ['TopK values', (builder, x) => builder.ops('TopK', [x], { k: 2, sorted: true })[0] ?? x],
  ['TopK indices', (builder, x) => builder.ops('TopK', [x], { k: 2, sorted: true })[1] ?? x],
  ['BatchMatMul', (builder, x) => builder.op('BatchMatMul', [x, builder.constant(values(4, 3))])],
  [
    'BatchMatMul of transposed stacks',
    (builder, x) => {
      const stack = builder.op('Reshape', [x], { shape: [1, B, 4] });
      const kernel = builder.constant(values(3, 5, 4));
      return builder.op('BatchMatMul', [builder.op('Tile', [stack], { reps: [3, 1, 1] }), kernel], {
        transposeA: false,
        transposeB: true,
      });
    },
  ],
  ['Reshape', (builder, x) => builder.op('Reshape', [x], { shape: [2 * B, 2] })],
  ['Reshape to a vector', (builder, x) => builder.op('Reshape', [x], { shape: [-1] })],
  ['ExpandDims', (builder, x) => builder.op('ExpandDims', [x], { dim: 1 })],
  ['Transpose', (builder, x) => builder.op('Transpose', [x], { perm: [1, 0] })],
  ['Concat', (builder, x) => builder.op('Concat', [x, builder.op('Neg', [x])], { axis: 1 })],
  ['Pack', (builder, x) => builder.op('Pack', [x, builder.op('Neg', [x])], { axis: 1 })],
  ['Unpack', (builder, x) => builder.ops('Unpack', [x], { axis: 1 })[2] ?? x],
  ['SplitV', (builder, x) => builder.ops('SplitV', [x], { numOrSizeSplits: [1, 3], axis: 1 })[1] ?? x],
  ['Slice', (builder, x) => builder.op('Slice', [x], { begin: [0, 1], size: [B, 2] })],
  [
    'StridedSlice',
    (builder, x) =>
      builder.op('StridedSlice', [x], {
        begin: [0, 3],
        end: [B, 0],
        strides: [1, -1],
        beginMask: 0,
        endMask: 0,
        ellipsisMask: 0,
        newAxisMask: 0,
        shrinkAxisMask: 0,
      }),
  ],
  ['PadV2', (builder, x) => builder.op('PadV2', [x], { paddings: [[0, 0], [1, 2]], constantValue: 7 })], // prettier-ignore
  ['MirrorPad', (builder, x) => builder.op('MirrorPad', [x], { paddings: [[0, 0], [1, 2]], mode: 'reflect' })], // prettier-ignore
  ['Tile', (builder, x) => builder.op('Tile', [x], { reps: [1, 2] })],
  [
    'Tile to the batch',
    (builder, x) => {
      const row = builder.constant(values(1, 4));
      return builder.op('Multiply', [x, builder.op('Tile', [row], { reps: [B, 1] })]);
    },
  ],
  [
    'Fill of the batch',
    (builder, x) =>
      builder.op('Add', [x, builder.op('Fill', [], { shape: [B, 4], value: 2.5, dtype: 'float32' })]),
  ],
  [
    'OneHot',
    (builder, x) =>
      builder.op('OneHot', [builder.op('ArgMax', [x], { axis: 1 })], {
        depth: 4,
        onValue: 2,
        offValue: -1,
        dtype: 'float32',
      }),
  ],
  [
    'GatherV2',
    (builder, x) => builder.op('GatherV2', [x, builder.constant(ints([2], 3, 0))], { axis: 1, batchDims: 0 }),
  ],
  [
    'GatherV2 of rows by code',
    (builder, x) => {
      const code = builder.op('ArgMax', [x], { axis: 1 });
      return builder.op('GatherV2', [builder.constant(values(4, 3)), code], { axis: 0, batchDims: 0 });
    },
  ],
  [
    'GatherNd',
    (builder, x) =>
      builder.op('GatherNd', [
        builder.op('Transpose', [x], { perm: [1, 0] }),
        builder.constant(ints([2, 1], 2, 0)),
      ]),
  ],
  [
    'double precision, narrowed',
    (builder, x) => {
      const double = builder.op('Cast', [x], { dtype: 'float64' });
      const far = builder.op('Add', [double, builder.scalar(0.1, 'float64')]);
      return builder.op('Cast', [builder.op('Sub', [far, builder.scalar(1 / 3, 'float64')])], {
        dtype: 'float32',
      });
    },
  ],
  [
    'text by index and back',
    (builder, x) => {
      const best = builder.op('ArgMax', [x], { axis: 1 });
      const label = builder.op('LookupLabel', [best], { labels: ['é', '', 'c "3"', 'd'] });
      const index = builder.op('LookupIndex', [label], { keys: ['d', 'c "3"', 'é'], default: -5 });
      return builder.op('Cast', [index], { dtype: 'float32' });
    },
  ],
  [
    'ScatterNd',
    (builder, x) =>
      builder.op(
        'ScatterNd',
        [builder.constant(ints([4, 1], 2, 0, 2, 4)), builder.op('Transpose', [x], { perm: [1, 0] })],
        { shape: [5, B] },
      ),
  ],
  loop(false),
  loop(true),
  ...WINDOW_CASES,
];

/** The same for what tfjs' graph models have no operation for. */
export const CASES_BEYOND_TFJS: readonly Case[] = [
  [
    'UnsortedSegmentSum',
    (builder, x) =>
      builder.op(
        'UnsortedSegmentSum',
        [builder.op('Transpose', [x], { perm: [1, 0] }), builder.constant(ints([4], 2, 0, 2, 1))],
        { numSegments: 4 },
      ),
  ],
  ...VOLUME_CASES,
];

/** The graph of a case, for any number of rows. */
export function graphOf(build: Case[1]): Graph {
  const builder = new GraphBuilder();
  builder.output('y', build(builder, builder.input('x', [B, 4])));
  return builder.build();
}

/** The output `y` of a graph as ONNX Runtime computes it. */
export async function throughOnnx(graph: Graph, feeds: Record<string, TensorData>): Promise<number[]> {
  const session = await openOnnx(toOnnx(graph), { threads: 1, name: 'test' });
  const { y } = await session.run(feeds);
  await session.dispose();
  return Array.from((y?.data ?? []) as Float32Array, Number);
}
