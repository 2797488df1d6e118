import type { DType } from '../../../core/tensor.js';
import { axisAttribute, booleanAttribute, numberAttribute } from '../../attributes.js';
import { normalizeAxes, normalizeAxis } from '../../shapes.js';
import type { Emission, Emitter, Emitters } from '../emitter.js';

/** A reduction over the node's axes, computed in the type that `compute` gives for the input's. */
function reduction(opType: string, compute: (input: DType) => DType = (dtype) => dtype): Emitter {
  return (e) => {
    const { dtype, shape } = e.info();
    const working = compute(dtype);
    const x = working === dtype ? e.input() : e.cast(e.input(), working);
    const axes = normalizeAxes(axisAttribute(e.attributes), shape.length);
    const target = e.outputInfo().dtype;
    if (axes.length === 0) {
      if (working === target) e.result('Identity', [x]);
      else e.castResult(x, target);
      return;
    }
    const inputs = [x, e.writer.int64s(axes)];
    const attributes = { keepdims: { int: booleanAttribute(e.attributes, 'keepDims') ? 1 : 0 } };
    if (working === target) e.result(opType, inputs, attributes);
    else e.castResult(e.emit(opType, inputs, attributes), target);
  };
}

const noBool = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype);

function argument(opType: string): Emitter {
  return (e) => {
    const axis = normalizeAxis(numberAttribute(e.attributes, 'axis', 0), e.info().shape.length);
    e.castResult(e.emit(opType, [e.input()], { axis: { int: axis }, keepdims: { int: 0 } }), 'int32');
  };
}

function topK(e: Emission): void {
  const [values = '', indices = ''] = e.outputs;
  const [, wide = ''] = e.writer.node(
    'TopK',
    [e.input(), e.writer.int64s([numberAttribute(e.attributes, 'k')])],
    { axis: { int: -1 }, sorted: { int: 1 } },
    [values, e.writer.names.next('t')],
  );
  e.writer.node('Cast', [wide], { to: { int: 6 } }, [indices]);
}

export const reductionEmitters: Emitters = {
  Sum: reduction('ReduceSum', noBool),
  Prod: reduction('ReduceProd', noBool),
  Mean: reduction('ReduceMean', (dtype) => (dtype === 'float64' ? 'float64' : 'float32')),
  Max: reduction('ReduceMax', noBool),
  Min: reduction('ReduceMin', noBool),
  All: reduction('ReduceMin', () => 'int32'),
  Any: reduction('ReduceMax', () => 'int32'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  TopK: topK,
};
