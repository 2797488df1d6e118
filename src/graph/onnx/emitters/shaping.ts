import type { DType } from '../../../core/tensor.js';
import {
  axisAttribute,
  booleanAttribute,
  numberAttribute,
  numbersAttribute,
  pairsAttribute,
  stringAttribute,
} from '../../attributes.js';
import { scalarTensor } from '../../builder.js';
import { splitSizes } from '../../kernels/shaping.js';
import { resolveStridedSlice } from '../../kernels/strided-slice.js';
import { normalizeAxes, normalizeAxis } from '../../shapes.js';
import { hasSymbolic, isSymbolic } from '../../symbolic.js';
import type { Emission, Emitters } from '../emitter.js';
import type { OnnxWriter } from '../writer.js';

/** The shape input of Reshape. One unknown dimension is left to ONNX; several are computed. */
export function reshapeTarget(writer: OnnxWriter, shape: readonly number[]): string {
  const symbolic = shape.filter(isSymbolic).length;
  if (symbolic === 1 && !shape.includes(0)) {
    return writer.int64s(shape.map((dimension) => (isSymbolic(dimension) ? -1 : dimension)));
  }
  return writer.dimensions(shape);
}

function reshape(e: Emission, x = e.input()): void {
  const { shape } = e.outputInfo();
  const attributes =
    shape.includes(0) || shape.filter(isSymbolic).length > 1 ? { allowzero: { int: 1 } } : {};
  e.result('Reshape', [x, reshapeTarget(e.writer, shape)], attributes);
}

/** A tensor of one repeated value; the batch size may be part of its shape. */
export function filledTensor(
  writer: OnnxWriter,
  shape: readonly number[],
  value: number | string,
  dtype: DType,
): { opType: string; inputs: string[]; attributes: Parameters<OnnxWriter['node']>[2] } {
  const scalar = scalarTensor(value, dtype);
  if (dtype === 'string') {
    return { opType: 'Expand', inputs: [writer.constant(scalar), writer.dimensions(shape)], attributes: {} };
  }
  return {
    opType: 'ConstantOfShape',
    inputs: [writer.dimensions(shape)],
    attributes: { value: { tensor: { ...scalar, shape: [1] } } },
  };
}

interface Cut {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
  readonly stride: number;
}

/** Far below any index: with a negative stride, "to the very beginning". */
const BEFORE_FIRST = -(2 ** 31);

function slice(e: Emission, cuts: readonly Cut[], x = e.input()): string[] {
  const { writer } = e;
  return [
    x,
    writer.dimensions(cuts.map(({ begin }) => begin)),
    writer.dimensions(cuts.map(({ end, stride }) => (stride < 0 && end < 0 ? BEFORE_FIRST : end))),
    writer.int64s(cuts.map(({ axis }) => axis)),
    writer.int64s(cuts.map(({ stride }) => stride)),
  ];
}

function sliceKernel(e: Emission): void {
  const { shape } = e.info();
  const begin = numbersAttribute(e.attributes, 'begin');
  const output = e.outputInfo().shape;
  const cuts = shape.flatMap((size, axis): Cut[] => {
    const first = begin[axis] ?? 0;
    const length = output[axis] ?? size;
    return first === 0 && length === size ? [] : [{ axis, begin: first, end: first + length, stride: 1 }];
  });
  if (cuts.length === 0) e.result('Identity', [e.input()]);
  else e.result('Slice', slice(e, cuts));
}

function stridedSlice(e: Emission): void {
  const { shape } = e.info();
  const resolved = resolveStridedSlice(shape, e.attributes);
  const cuts = shape.flatMap((size, axis): Cut[] => {
    const [begin, end, stride] = [
      resolved.begin[axis] ?? 0,
      resolved.end[axis] ?? size,
      resolved.strides[axis] ?? 1,
    ];
    return begin === 0 && end === size && stride === 1 ? [] : [{ axis, begin, end, stride }];
  });
  const cut = cuts.length === 0 ? e.input() : e.emit('Slice', slice(e, cuts));
  reshape(e, cut);
}

function reverse(e: Emission): void {
  const { shape } = e.info();
  const axes = normalizeAxes(axisAttribute(e.attributes, 'dims'), shape.length);
  if (axes.length === 0) {
    e.result('Identity', [e.input()]);
    return;
  }
  const cuts = axes.map((axis) => ({ axis, begin: -1, end: -1, stride: -1 }));
  e.result('Slice', slice(e, cuts));
}

function split(e: Emission): void {
  const { shape } = e.info();
  const axis = normalizeAxis(numberAttribute(e.attributes, 'axis', 0), shape.length);
  const sizes = splitSizes(e.attributes['numOrSizeSplits'], shape[axis] ?? 0);
  if (sizes.length === 1) e.result('Identity', [e.input()]);
  else e.result('Split', [e.input(), e.writer.dimensions(sizes)], { axis: { int: axis } });
}

function unpack(e: Emission): void {
  const { shape } = e.info();
  const axis = normalizeAxis(numberAttribute(e.attributes, 'axis', 0), shape.length);
  const count = shape[axis] ?? 0;
  if (hasSymbolic([count])) throw e.unsupported('it takes the batch apart');
  const axes = e.writer.int64s([axis]);
  if (count === 1) {
    e.writer.node('Squeeze', [e.input(), axes], {}, e.outputs);
    return;
  }
  const sizes = e.writer.int64s(Array.from({ length: count }, () => 1));
  const parts = e.writer.node('Split', [e.input(), sizes], { axis: { int: axis } }, count);
  parts.forEach((part, i) => e.writer.node('Squeeze', [part, axes], {}, [e.outputs[i] ?? '']));
}

function pad(e: Emission, mode: string, value: number): void {
  const paddings = pairsAttribute(e.attributes, 'paddings');
  const { dtype } = e.info();
  const working = dtype === 'bool' ? 'int32' : dtype;
  const x = working === dtype ? e.input() : e.cast(e.input(), working);
  const amounts = e.writer.dimensions([
    ...paddings.map(([before]) => before),
    ...paddings.map(([, after]) => after),
  ]);
  const inputs = mode === 'constant' ? [x, amounts, e.writer.scalar(value, working)] : [x, amounts];
  const attributes = { mode: { string: mode } };
  if (working === dtype) e.result('Pad', inputs, attributes);
  else e.castResult(e.emit('Pad', inputs, attributes), dtype);
}

/** Mirrors including the edge element, which ONNX cannot: the mirrored parts are cut out, reversed and joined. */
function symmetricPad(e: Emission): void {
  const paddings = pairsAttribute(e.attributes, 'paddings');
  const shape = [...e.info().shape];
  let x = e.input();
  paddings.forEach(([before, after], axis) => {
    if (before === 0 && after === 0) return;
    const size = shape[axis] ?? 0;
    const mirrored = (from: number, to: number) =>
      e.emit('Slice', slice(e, [{ axis, begin: from, end: to, stride: -1 }], x));
    const parts = [x];
    if (before > 0) parts.unshift(mirrored(before - 1, -1));
    if (after > 0) parts.push(mirrored(size - 1, size - 1 - after));
    x = e.emit('Concat', parts, { axis: { int: axis } });
    shape[axis] = size + before + after;
  });
  e.result('Identity', [x]);
}

function oneHot(e: Emission): void {
  const depth = numberAttribute(e.attributes, 'depth');
  const on = numberAttribute(e.attributes, 'onValue', 1);
  const off = numberAttribute(e.attributes, 'offValue', 0);
  const { dtype } = e.outputInfo();
  const indices = e.info().dtype === 'int32' ? e.input() : e.cast(e.input(), 'int32');
  const positions = Int32Array.from({ length: depth }, (_, i) => i);
  const classes = e.writer.constant({ dtype: 'int32', shape: [depth], data: positions });
  const hit = e.emit('Equal', [e.emit('Unsqueeze', [indices, e.writer.int64s([-1])]), classes]);
  if (on === 1 && off === 0) {
    e.castResult(hit, dtype);
    return;
  }
  const working = dtype === 'bool' ? 'int32' : dtype;
  const scaled = e.emit('Mul', [e.cast(hit, working), e.writer.scalar(on - off, working)]);
  const sum = [scaled, e.writer.scalar(off, working)];
  if (working === dtype) e.result('Add', sum);
  else e.castResult(e.emit('Add', sum), dtype);
}

export const shapingEmitters: Emitters = {
  Reshape: (e) => reshape(e),
  ExpandDims: (e) => reshape(e),
  Transpose: (e) =>
    e.result('Transpose', [e.input()], { perm: { ints: numbersAttribute(e.attributes, 'perm') } }),
  Concat: (e) => {
    if (e.inputs.length === 1) e.result('Identity', e.inputs);
    else e.result('Concat', e.inputs, { axis: { int: numberAttribute(e.attributes, 'axis') } });
  },
  Pack: (e) => {
    const axis = normalizeAxis(numberAttribute(e.attributes, 'axis', 0), e.info().shape.length + 1);
    const axes = e.writer.int64s([axis]);
    const parts = e.inputs.map((name) => e.emit('Unsqueeze', [name, axes]));
    e.result('Concat', parts, { axis: { int: axis } });
  },
  Unpack: unpack,
  SplitV: split,
  Slice: sliceKernel,
  StridedSlice: stridedSlice,
  Reverse: reverse,
  PadV2: (e) => pad(e, 'constant', numberAttribute(e.attributes, 'constantValue', 0)),
  MirrorPad: (e) => {
    if (stringAttribute(e.attributes, 'mode') === 'reflect') pad(e, 'reflect', 0);
    else symmetricPad(e);
  },
  Tile: (e) => {
    e.result('Tile', [e.input(), e.writer.dimensions(numbersAttribute(e.attributes, 'reps'))]);
  },
  Fill: (e) => {
    const { shape, dtype } = e.outputInfo();
    const value = e.attributes['value'];
    const number = typeof value === 'boolean' ? Number(value) : (value as number | string);
    const { opType, inputs, attributes } = filledTensor(e.writer, shape, number, dtype);
    e.result(opType, inputs, attributes);
  },
  OneHot: oneHot,
  Cumsum: (e) => {
    const axis = e.writer.constant(scalarTensor(numberAttribute(e.attributes, 'axis', 0), 'int64'));
    e.result('CumSum', [e.input(), axis], {
      exclusive: { int: booleanAttribute(e.attributes, 'exclusive') ? 1 : 0 },
      reverse: { int: booleanAttribute(e.attributes, 'reverse') ? 1 : 0 },
    });
  },
};
