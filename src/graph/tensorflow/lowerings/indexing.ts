import { sizeOf, type TensorData } from '../../../core/tensor.js';
import { numberAttribute, numbersAttribute, stringAttribute, stringsAttribute } from '../../attributes.js';
import type { Lowerings, NodeLowering } from '../lowering.js';
import type { Ref } from '../writer.js';

const strings = (data: readonly string[]): TensorData => ({ dtype: 'string', shape: [data.length], data });

/** Indices are int32 or int64 in TensorFlow; tfjs takes whole numbers in floats too. */
function index(c: NodeLowering, which: number): Ref {
  const ref = c.input(which);
  return ref.type === 'int64' ? ref : c.cast(ref, 'int32');
}

/** 0, 1, … as the keys or values of a table of indices, in the type that the graph has them in. */
function counted(c: NodeLowering, count: number, dtype: 'int32' | 'int64'): TensorData {
  const numbers = Array.from({ length: count }, (_, i) => i);
  if (c.writer.narrow || dtype === 'int32')
    return { dtype: 'int32', shape: [count], data: Int32Array.from(numbers) };
  return { dtype, shape: [count], data: BigInt64Array.from(numbers, BigInt) };
}

/** Kernels that read or write by index, and our own between text and index. */
export const indexing: Lowerings = {
  GatherV2: (c) => {
    const axis = c.writer.integers(numberAttribute(c.attributes, 'axis', 0));
    const batch = { batch_dims: numberAttribute(c.attributes, 'batchDims', 0) };
    return c.op('GatherV2', [c.input(0), index(c, 1), axis], batch);
  },
  GatherNd: (c) => c.op('GatherNd', [c.input(0), index(c, 1)]),
  /** Updates that meet are added. */
  ScatterNd: (c) => c.op('ScatterNd', [index(c, 0), c.input(1), c.sizes(c.outputShape())]),
  UnsortedSegmentSum: (c) => {
    const count = c.writer.integers(numberAttribute(c.attributes, 'numSegments'));
    return c.op('UnsortedSegmentSum', [c.input(0), index(c, 1), count]);
  },
  /** A window of the pool of random numbers (see random-op.ts). */
  RandomUniform: (c) => {
    const shape = numbersAttribute(c.attributes, 'shape');
    const which = c.writer.integers([numberAttribute(c.attributes, 'index')]);
    const begin = c.op('Slice', [c.input(1), which, c.writer.integers([1])]);
    const window = c.op('Slice', [c.input(0), begin, c.writer.integers([sizeOf(shape)])]);
    return c.reshaped(window, shape);
  },
  /**
   * tfjs finds in its tables asynchronously and gives back a vector, hence the reshape (and `executeAsync` for whoever
   * asks for these outputs).
   */
  LookupIndex: (c) => {
    const keys = stringsAttribute(c.attributes, 'keys');
    const missing = c.writer.scalar(numberAttribute(c.attributes, 'default', -1), 'int64');
    // A table without keys is not one that every loader takes: no text is any of none.
    if (keys.length === 0) {
      const nothing = c.op('NotEqual', [c.input(), c.input()]);
      return c.op('AddV2', [c.castToOutput(nothing), missing]);
    }
    const table = c.writer.table(strings(keys), counted(c, keys.length, 'int64'));
    return c.reshaped(c.op('LookupTableFindV2', [table, c.input(), missing]), c.shape());
  },
  LookupLabel: (c) => {
    const labels = stringsAttribute(c.attributes, 'labels');
    const dtype = c.input().type === 'int64' ? 'int64' : 'int32';
    const table = c.writer.table(counted(c, labels.length, dtype), strings(labels));
    const fallback = c.attributes['default'] === undefined ? '' : stringAttribute(c.attributes, 'default');
    const found = c.op('LookupTableFindV2', [table, c.input(), c.writer.scalar(fallback, 'string')]);
    return c.shape().length === 1 ? found : c.reshaped(found, c.shape());
  },
};
