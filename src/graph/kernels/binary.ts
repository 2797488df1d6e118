import type { ValueInfo } from '../graph.js';
import { broadcastShapes } from '../shapes.js';
import { inputAt, type KernelDefinition, type KernelDefinitions } from './definition.js';

function broadcast(inputs: readonly ValueInfo[]): readonly number[] {
  return broadcastShapes(inputAt(inputs, 0).shape, inputAt(inputs, 1).shape);
}

function sameDType(inputs: readonly ValueInfo[]): ValueInfo['dtype'] {
  const [a, b] = [inputAt(inputs, 0), inputAt(inputs, 1)];
  if (a.dtype !== b.dtype) throw new TypeError(`its inputs are ${a.dtype} and ${b.dtype}; cast one of them`);
  return a.dtype;
}

const arithmetic: KernelDefinition = {
  inputs: ['a', 'b'],
  infer: (inputs) => [{ shape: broadcast(inputs), dtype: sameDType(inputs) }],
};

const comparison: KernelDefinition = {
  inputs: ['a', 'b'],
  infer: (inputs) => {
    sameDType(inputs);
    return [{ shape: broadcast(inputs), dtype: 'bool' }];
  },
};

const arithmeticNames = [
  'Add',
  'Atan2',
  'FloorDiv',
  'Maximum',
  'Minimum',
  'Mod',
  'Multiply',
  'Pow',
  'RealDiv',
  'SquaredDifference',
  'Sub',
] as const;

const comparisonNames = [
  'Equal',
  'Greater',
  'GreaterEqual',
  'Less',
  'LessEqual',
  'LogicalAnd',
  'LogicalOr',
  'LogicalXor',
  'NotEqual',
] as const;

/** The operations on two tensors that broadcast against each other. */
export const elementwiseBinary: ReadonlySet<string> = new Set([
  ...arithmeticNames,
  ...comparisonNames,
  'Prelu',
  'EluGrad',
]);

/** Two inputs that broadcast against each other, and Select with three. */
export const binaryKernels: KernelDefinitions = {
  ...Object.fromEntries(arithmeticNames.map((name) => [name, arithmetic])),
  ...Object.fromEntries(comparisonNames.map((name) => [name, comparison])),
  Prelu: { inputs: ['x', 'alpha'], infer: arithmetic.infer },
  EluGrad: { inputs: ['dy', 'y'], infer: arithmetic.infer },
  AddN: { inputs: 'list', infer: (inputs) => [inputAt(inputs, 0)] },
  Select: {
    inputs: ['condition', 't', 'e'],
    infer: (inputs) => {
      const [condition, t, e] = [inputAt(inputs, 0), inputAt(inputs, 1), inputAt(inputs, 2)];
      if (t.dtype !== e.dtype) throw new TypeError(`its branches are ${t.dtype} and ${e.dtype}`);
      // tfjs lets a condition of rank 1 choose whole rows; elsewhere the shapes are equal or broadcast.
      const rows = condition.shape.length === 1 && t.shape.length > 1;
      const lifted = rows ? [...condition.shape, ...t.shape.slice(1).map(() => 1)] : condition.shape;
      return [{ shape: broadcastShapes(lifted, broadcastShapes(t.shape, e.shape)), dtype: t.dtype }];
    },
  },
};
