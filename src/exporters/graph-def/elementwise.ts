import { numberAttribute, stringAttribute } from '../../graph/attributes.js';
import type { Lowering, Lowerings } from './lower.js';
import { inTwoParts } from './precise.js';
import { type } from './writer.js';

/** Ops that take their inputs as they are and have no attributes: tfjs' kernel name → TensorFlow's op name. */
const SAME: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...[
        'Abs',
        'Acos',
        'Acosh',
        'AddN',
        'Asin',
        'Asinh',
        'Atan',
        'Atan2',
        'Atanh',
        'Ceil',
        'Cos',
        'Cosh',
        'Elu',
      ],
      ...[
        'Equal',
        'Erf',
        'Exp',
        'Expm1',
        'Floor',
        'FloorDiv',
        'GatherNd',
        'Greater',
        'GreaterEqual',
        'Identity',
      ],
      ...['IsFinite', 'IsInf', 'IsNan', 'Less', 'LessEqual', 'Log', 'Log1p', 'LogicalAnd', 'LogicalNot'],
      ...[
        'LogicalOr',
        'Maximum',
        'Minimum',
        'Neg',
        'NotEqual',
        'Pow',
        'Prelu',
        'RealDiv',
        'Reciprocal',
        'Relu',
      ],
      ...['Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin', 'Sinh', 'Softplus', 'Sqrt', 'Square'],
      ...['SquaredDifference', 'Tan', 'Tanh'],
    ].map((name) => [name, name]),
  ),
  LogicalXor: 'NotEqual',
  Mod: 'FloorMod',
  Multiply: 'Mul',
};

const lastAxisOnly: Lowering = ({ node, writer, input, shape, unsupported }) => {
  const rank = shape(0).length;
  const axis = numberAttribute(node.attributes, 'dim', -1);
  if (axis !== -1 && axis !== rank - 1) throw unsupported(`along axis ${axis}`);
  return [writer.node(node.op, [input(0)])];
};

export const elementwise: Lowerings = {
  ...Object.fromEntries(
    Object.entries(SAME).map(([kernel, op]): [string, Lowering] => [
      kernel,
      ({ writer, inputs }) => [writer.node(op, inputs)],
    ]),
  ),
  Add: (context) => [inTwoParts(context, 'AddV2') ?? context.writer.node('AddV2', context.inputs)],
  Sub: (context) => [inTwoParts(context, 'Sub') ?? context.writer.node('Sub', context.inputs)],
  Softmax: lastAxisOnly,
  LogSoftmax: lastAxisOnly,
  LeakyRelu: ({ node, writer, input }) => [
    writer.node('LeakyRelu', [input(0)], { alpha: { f: numberAttribute(node.attributes, 'alpha') } }),
  ],
  ClipByValue: ({ node, writer, input }) => {
    const bound = (name: string): string => writer.float(numberAttribute(node.attributes, name));
    return [writer.node('ClipByValue', [input(0), bound('clipValueMin'), bound('clipValueMax')])];
  },
  Cast: ({ node, writer, input }) => [
    writer.node('Cast', [input(0)], {
      DstT: type(stringAttribute(node.attributes, 'dtype') as Parameters<typeof type>[0]),
    }),
  ],
  // 1 above zero, alpha elsewhere; NaN stays.
  Step: ({ node, writer, input }) => {
    const alpha = writer.float(numberAttribute(node.attributes, 'alpha', 0));
    const above = writer.node('Greater', [input(0), writer.float(0)]);
    const step = writer.node('SelectV2', [above, writer.float(1), alpha]);
    return [writer.node('SelectV2', [writer.node('IsNan', [input(0)]), input(0), step])];
  },
  // tfjs lets a condition of rank 1 choose whole rows; SelectV2 only broadcasts.
  Select: ({ writer, input, shape, reshaped }) => {
    const [condition, rank] = [shape(0), shape(1).length];
    const rows = condition.length === 1 && rank > 1;
    const lifted = rows ? reshaped(input(0), [...condition, ...Array<number>(rank - 1).fill(1)]) : input(0);
    return [writer.node('SelectV2', [lifted, input(1), input(2)])];
  },
};
