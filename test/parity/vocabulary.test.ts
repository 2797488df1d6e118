import { describe, expect, it } from 'vitest';
import type { Graph } from '../../src/graph/graph.js';
import { KERNEL_NAMES, kernelDefinition } from '../../src/graph/kernels/index.js';
import { decompositions } from '../../src/graph/trace/decompositions.js';
import { trace } from '../../src/graph/trace.js';
import { layers, tf } from '../unit/graph/helpers.js';
import { convolutionCases } from './cases/convolution.js';
import { elementwiseCases } from './cases/elementwise.js';
import { structureCases } from './cases/structure.js';
import { traceCase } from './oracle.js';

/** Every kernel of tfjs that a compiled model cannot hold, by the reason. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'complex numbers, which no engine here trains with': [
    'Complex',
    'ComplexAbs',
    'FFT',
    'IFFT',
    'Imag',
    'Real',
  ],
  'text, which is prepared before the model': [
    'StaticRegexReplace',
    'StringNGrams',
    'StringSplit',
    'StringToHashBucketFast',
  ],
  'ragged and sparse tensors, which no layer makes': [
    'RaggedGather',
    'RaggedRange',
    'RaggedTensorToTensor',
    'SparseFillEmptyRows',
    'SparseReshape',
    'SparseSegmentMean',
    'SparseSegmentSum',
    'SparseToDense',
  ],
  'a result whose shape depends on numbers': [
    'NonMaxSuppressionV3',
    'NonMaxSuppressionV4',
    'NonMaxSuppressionV5',
    'Unique',
  ],
  'pictures outside of a model': ['CropAndResize', 'Draw', 'FromPixels', 'RotateWithOffset', 'Transform'],
  'random numbers that the step did not get': ['Multinomial'],
  'no gradient in tfjs and no layer, loss or metric that uses it': [
    'Bincount',
    'BitwiseAnd',
    'DenseBincount',
    'Diag',
    'Dilation2D',
    'Dilation2DBackpropFilter',
    'Dilation2DBackpropInput',
    'LowerBound',
    'MaxPoolWithArgmax',
    'SearchSorted',
    'TensorScatterUpdate',
    'UpperBound',
  ],
  'names that tfjs exports without calling a kernel of that name': [
    'BroadcastArgs',
    'BroadcastTo',
    'MatrixBandPart',
    'Pool',
  ],
};

function tfjsKernels(): Set<string> {
  const names = new Set<string>(tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName));
  for (const value of Object.values(tf)) if (typeof value === 'string') names.add(value);
  names.delete(tf.version_core);
  names.delete('__op');
  return names;
}

/**
 * Kernels that no case of the suite calls: tracing leaves out what changes nothing and composes the logarithm of softmax;
 * those of text and random numbers have tests of their own.
 */
const ELSEWHERE = ['Identity', 'LogSoftmax', 'LookupIndex', 'LookupLabel', 'RandomUniform'];

function operationsOf({ nodes }: Graph): string[] {
  return nodes.flatMap(({ op, body }) => [op, ...(body === undefined ? [] : operationsOf(body))]);
}

/** Unlike its type, tfjs gives undefined for a kernel without a gradient. */
const gradientOf: (kernel: string) => tf.GradConfig | undefined = tf.getGradient;

function isCompiled(kernel: string): boolean {
  if (decompositions[kernel] !== undefined) return true;
  try {
    kernelDefinition(kernel);
    return true;
  } catch {
    return false;
  }
}

describe('the vocabulary of graphs', () => {
  it('is every kernel of tfjs but these', () => {
    const missing = [...tfjsKernels()].filter((name) => !isCompiled(name)).sort();
    expect(missing).toEqual(Object.values(LEFT_OUT).flat().sort());
  });

  it('is covered by the cases of the parity suite', () => {
    const tested = new Set(
      [...convolutionCases, ...elementwiseCases, ...structureCases].flatMap((test) => {
        const { value, gradients } = traceCase(test);
        return [...operationsOf(value), ...(gradients === undefined ? [] : operationsOf(gradients))];
      }),
    );
    expect(KERNEL_NAMES.filter((name) => !tested.has(name) && !ELSEWHERE.includes(name))).toEqual([]);
  });

  it('has a gradient for every kernel that is one of the differentiable operations of tfjs', () => {
    // A trace registers the gradients that tfjs lacks.
    trace(({ x }) => ({ y: tf.relu(x as tf.Tensor) }), { x: { shape: [1] } });
    const without = [...tfjsKernels()].filter((name) => isCompiled(name) && gradientOf(name) === undefined);
    // Gradients themselves, what takes no numbers to differentiate by, and what tfjs only calls fused when predicting.
    const expected = [
      'AvgPool3DGrad',
      'AvgPoolGrad',
      'Conv2DBackpropFilter',
      'Conv3DBackpropFilterV2',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'EluGrad',
      'Fill',
      'FusedConv2D',
      'FusedDepthwiseConv2D',
      'LRNGrad',
      'LinSpace',
      'LogicalXor',
      'MaxPool3DGrad',
      'MaxPoolGrad',
      'Range',
      'ResizeBilinearGrad',
      'ResizeNearestNeighborGrad',
      '_FusedMatMul',
    ];
    expect(without.sort()).toEqual(expected);
  });

  it('names the operation and the layer of what it lacks, while tracing', () => {
    class Unusual extends layers.layers.Layer {
      static readonly className = 'Unusual';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const x = Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
        return tf.cast(tf.unique(tf.reshape(x, [-1])).values, 'float32');
      }
    }
    const model = layers.sequential({ layers: [new Unusual({ inputShape: [3], name: 'strange' })] });
    const attempt = () =>
      trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), { x: { shape: [2, 3] } });
    expect(attempt).toThrow(/operation Unique \(in layer "strange"\) cannot be part of a compiled model/);
  });
});
