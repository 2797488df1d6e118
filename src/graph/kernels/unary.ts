import type { DType } from '../../core/tensor.js';
import { stringAttribute } from '../attributes.js';
import { inputAt, type KernelDefinition, type KernelDefinitions } from './definition.js';

const same: KernelDefinition = { inputs: ['x'], infer: (inputs) => [inputAt(inputs, 0)] };

const test: KernelDefinition = {
  inputs: ['x'],
  infer: (inputs) => [{ shape: inputAt(inputs, 0).shape, dtype: 'bool' }],
};

const cast: KernelDefinition = {
  inputs: ['x'],
  infer: (inputs, attributes) => [
    { shape: inputAt(inputs, 0).shape, dtype: stringAttribute(attributes, 'dtype') as DType },
  ],
};

const sameNames = [
  'Abs',
  'Acos',
  'Acosh',
  'Asin',
  'Asinh',
  'Atan',
  'Atanh',
  'Ceil',
  'ClipByValue',
  'Cos',
  'Cosh',
  'Elu',
  'Erf',
  'Exp',
  'Expm1',
  'Floor',
  'Identity',
  'LeakyRelu',
  'Log',
  'Log1p',
  'Neg',
  'Reciprocal',
  'Relu',
  'Relu6',
  'Round',
  'Rsqrt',
  'Selu',
  'Sigmoid',
  'Sign',
  'Sin',
  'Sinh',
  'Softplus',
  'Sqrt',
  'Square',
  'Step',
  'Tan',
  'Tanh',
] as const;

const testNames = ['IsFinite', 'IsInf', 'IsNan', 'LogicalNot'] as const;

/** The operations on one tensor that treat every element alike. */
export const elementwiseUnary: ReadonlySet<string> = new Set([...sameNames, ...testNames, 'Cast']);

/** One input, output of the same shape. */
export const unaryKernels: KernelDefinitions = {
  ...Object.fromEntries(sameNames.map((name) => [name, same])),
  ...Object.fromEntries(testNames.map((name) => [name, test])),
  Cast: cast,
  Softmax: { inputs: ['logits'], infer: (inputs) => [inputAt(inputs, 0)] },
  LogSoftmax: { inputs: ['logits'], infer: (inputs) => [inputAt(inputs, 0)] },
  Cumsum: same,
  Reverse: same,
};
