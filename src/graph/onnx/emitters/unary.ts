import type { DType } from '../../../core/tensor.js';
import { numberAttribute } from '../../attributes.js';
import { isFloat, renamed, type Emission, type Emitter, type Emitters } from '../emitter.js';

/** An operation of ONNX that exists for floats only: other types go by way of float32. */
function float(opType: string, attributes: Parameters<typeof renamed>[1] = {}): Emitter {
  return floatComposed((e, x) => ({ opType, inputs: [x], attributes }));
}

interface LastNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly attributes?: Parameters<typeof renamed>[1];
}

/** The same for several operations: `compute` emits all but the last one, which it describes. */
function floatComposed(compute: (e: Emission, x: string, dtype: DType) => LastNode): Emitter {
  return (e) => {
    const { dtype } = e.info();
    if (isFloat(dtype)) {
      const { opType, inputs, attributes } = compute(e, e.input(), dtype);
      e.result(opType, inputs, attributes);
      return;
    }
    const { opType, inputs, attributes } = compute(e, e.cast(e.input(), 'float32'), 'float32');
    e.castResult(e.emit(opType, inputs, attributes), e.outputInfo().dtype);
  };
}

/** Constant of the type that the operation computes in. */
const number = (e: Emission, value: number, dtype: DType) => e.writer.scalar(value, dtype);

/** A test that is about floats: integers are never NaN or infinite. */
function floatTest(opType: string): Emitter {
  return (e) => e.result(opType, [isFloat(e.info().dtype) ? e.input() : e.cast(e.input(), 'float32')]);
}

const constants = { seluAlpha: 1.7580993408473768, seluScale: 1.0507009873554805 };

export const unaryEmitters: Emitters = {
  Abs: renamed('Abs'),
  Acos: float('Acos'),
  Acosh: float('Acosh'),
  Asin: float('Asin'),
  Asinh: float('Asinh'),
  Atan: float('Atan'),
  Atanh: float('Atanh'),
  Ceil: float('Ceil'),
  ClipByValue: floatComposed((e, x, dtype) => ({
    opType: 'Clip',
    inputs: [
      x,
      number(e, numberAttribute(e.attributes, 'clipValueMin'), dtype),
      number(e, numberAttribute(e.attributes, 'clipValueMax'), dtype),
    ],
  })),
  Cos: float('Cos'),
  Cosh: float('Cosh'),
  Elu: float('Elu'),
  Erf: float('Erf'),
  Exp: float('Exp'),
  Expm1: floatComposed((e, x, dtype) => ({
    opType: 'Sub',
    inputs: [e.emit('Exp', [x]), number(e, 1, dtype)],
  })),
  Floor: float('Floor'),
  Identity: renamed('Identity'),
  IsFinite: (e) => {
    const x = isFloat(e.info().dtype) ? e.input() : e.cast(e.input(), 'float32');
    e.result('Not', [e.emit('Or', [e.emit('IsNaN', [x]), e.emit('IsInf', [x])])]);
  },
  IsInf: floatTest('IsInf'),
  IsNan: floatTest('IsNaN'),
  LeakyRelu: floatComposed((e, x) => ({
    opType: 'LeakyRelu',
    inputs: [x],
    attributes: { alpha: { float: numberAttribute(e.attributes, 'alpha', 0.2) } },
  })),
  Log: float('Log'),
  Log1p: floatComposed((e, x, dtype) => ({
    opType: 'Log',
    inputs: [e.emit('Add', [x, number(e, 1, dtype)])],
  })),
  LogicalNot: renamed('Not'),
  Neg: renamed('Neg'),
  Reciprocal: float('Reciprocal'),
  Relu: float('Relu'),
  Relu6: floatComposed((e, x, dtype) => ({
    opType: 'Clip',
    inputs: [x, number(e, 0, dtype), number(e, 6, dtype)],
  })),
  Round: float('Round'),
  Rsqrt: floatComposed((e, x) => ({ opType: 'Reciprocal', inputs: [e.emit('Sqrt', [x])] })),
  // ONNX' Selu has α·γ and γ as attributes in float32; its defaults are these numbers.
  Selu: float('Selu', {
    alpha: { float: constants.seluAlpha / constants.seluScale },
    gamma: { float: constants.seluScale },
  }),
  Sigmoid: float('Sigmoid'),
  Sign: renamed('Sign'),
  Sin: float('Sin'),
  Sinh: float('Sinh'),
  Softplus: float('Softplus'),
  Sqrt: float('Sqrt'),
  Square: (e) => e.result('Mul', [e.input(), e.input()]),
  /** 1 where x > 0, else alpha. Comparing and casting is vectorized where Where and Sign are not. */
  Step: (e) => {
    const { dtype } = e.info();
    const alpha = numberAttribute(e.attributes, 'alpha', 0);
    const positive = e.emit('Greater', [e.input(), e.writer.scalar(0, dtype)]);
    if (alpha === 0) {
      e.castResult(positive, dtype);
      return;
    }
    const scaled = e.emit('Mul', [e.cast(positive, dtype), e.writer.scalar(1 - alpha, dtype)]);
    e.result('Add', [scaled, e.writer.scalar(alpha, dtype)]);
  },
  Tan: float('Tan'),
  Tanh: float('Tanh'),
  Cast: (e) => {
    if (e.info().dtype === e.outputInfo().dtype) e.result('Identity', [e.input()]);
    else e.castResult(e.input(), e.outputInfo().dtype);
  },
  Softmax: (e) =>
    e.result('Softmax', [e.input()], { axis: { int: numberAttribute(e.attributes, 'dim', -1) } }),
  LogSoftmax: (e) =>
    e.result('LogSoftmax', [e.input()], { axis: { int: numberAttribute(e.attributes, 'axis', -1) } }),
};
