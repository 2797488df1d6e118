import { sizeOf } from '../../../core/tensor.js';
import { numberAttribute, numbersAttribute, stringsAttribute } from '../../attributes.js';
import { normalizeAxis } from '../../shapes.js';
import type { Emission, Emitters } from '../emitter.js';
import { ML } from '../writer.js';
import { filledTensor, reshapeTarget } from './shaping.js';

function gather(e: Emission): void {
  const { shape } = e.info(0);
  const axis = normalizeAxis(numberAttribute(e.attributes, 'axis', 0), shape.length);
  const batchDims = numberAttribute(e.attributes, 'batchDims', 0);
  if (batchDims === 0) {
    e.result('Gather', [e.input(0), e.input(1)], { axis: { int: axis } });
    return;
  }
  if (axis !== batchDims) throw e.unsupported('it gathers along an axis after others than batch axes');
  const indices = e.emit('Unsqueeze', [e.cast(e.input(1), 'int64'), e.writer.int64s([-1])]);
  e.result('GatherND', [e.input(0), indices], { batch_dims: { int: batchDims } });
}

/** zeros + the updates at their indices, where several may meet: they are added. */
function scatterAdd(e: Emission, indices: string, updates: string): void {
  const { shape, dtype } = e.outputInfo();
  const zeros = filledTensor(e.writer, shape, 0, dtype);
  const data = e.emit(zeros.opType, zeros.inputs, zeros.attributes);
  e.result('ScatterND', [data, e.cast(indices, 'int64'), updates], { reduction: { string: 'add' } });
}

function segmentSum(e: Emission): void {
  const [x, ids] = [e.info(0), e.info(1)];
  const rest = x.shape.slice(ids.shape.length);
  const count = sizeOf(ids.shape);
  const indices = e.emit('Reshape', [e.input(1), reshapeTarget(e.writer, [count, 1])]);
  const updates =
    ids.shape.length === 1
      ? e.input(0)
      : e.emit('Reshape', [e.input(0), reshapeTarget(e.writer, [count, ...rest])]);
  scatterAdd(e, indices, updates);
}

/** A window of the pool of random numbers (see random-op.ts). */
function randomUniform(e: Emission): void {
  const { writer } = e;
  const index = numberAttribute(e.attributes, 'index');
  const shape = numbersAttribute(e.attributes, 'shape');
  const [pool, offsets] = [e.input(0), e.input(1)];
  const begin = e.emit('Slice', [offsets, writer.int64s([index]), writer.int64s([index + 1])]);
  const length = writer.constant({ dtype: 'int32', shape: [1], data: Int32Array.of(sizeOf(shape)) });
  const window = e.emit('Slice', [pool, begin, e.emit('Add', [begin, length])]);
  e.result('Reshape', [window, writer.int64s(shape)]);
}

export const indexingEmitters: Emitters = {
  GatherV2: gather,
  GatherNd: (e) => e.result('GatherND', [e.input(0), e.cast(e.input(1), 'int64')]),
  ScatterNd: (e) => scatterAdd(e, e.input(0), e.input(1)),
  UnsortedSegmentSum: segmentSum,
  /** The index of a string in `keys`, `default` where it is none of them. */
  LookupIndex: (e) => {
    const keys = stringsAttribute(e.attributes, 'keys');
    e.result(
      'LabelEncoder',
      [e.input()],
      {
        keys_strings: { strings: keys },
        values_int64s: { ints: keys.map((_, i) => i) },
        default_int64: { int: numberAttribute(e.attributes, 'default', -1) },
      },
      ML,
    );
  },
  /** The string at an index of `labels`. */
  LookupLabel: (e) => {
    const labels = stringsAttribute(e.attributes, 'labels');
    const table = e.writer.constant({ dtype: 'string', shape: [labels.length], data: labels });
    e.result('Gather', [table, e.input()], { axis: { int: 0 } });
  },
  RandomUniform: randomUniform,
};
