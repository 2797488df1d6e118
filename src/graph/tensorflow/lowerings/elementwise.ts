import type { TensorData } from '../../../core/tensor.js';
import { numberAttribute } from '../../attributes.js';
import { isFloat, type Lowering, type Lowerings, type NodeLowering, renamed } from '../lowering.js';
import type { Ref } from '../writer.js';

/** tfjs' kernel name → TensorFlow's, for operations on every type of number that they occur with. */
const ANY_NUMBER: Readonly<Record<string, string>> = same(
  ...[
    'Abs',
    'AddN',
    'GatherNd',
    'Identity',
    'LogicalAnd',
    'LogicalNot',
    'LogicalOr',
    'Neg',
    'Pow',
    'RealDiv',
  ],
  ...['Relu', 'Relu6', 'Sign', 'Square', 'SquaredDifference', 'Atan2'],
);

/** Operations on floats only: other types go by way of float. */
const FLOAT_ONLY: Readonly<Record<string, string>> = same(
  ...['Acos', 'Acosh', 'Asin', 'Asinh', 'Atan', 'Atanh', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1'],
  ...['Floor', 'Log', 'Log1p', 'Reciprocal', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sin', 'Sinh', 'Softplus'],
  ...['Sqrt', 'Tan', 'Tanh', 'IsFinite', 'IsInf', 'IsNan'],
);

function same(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/** Computes in floats whatever the input is, and gives the output's type. */
function inFloats(compute: (c: NodeLowering, x: Ref) => Ref): Lowering {
  return (c) => {
    const x = isFloat(c.input()) ? c.input() : c.cast(c.input(), 'float32');
    return c.castToOutput(compute(c, x));
  };
}

/** TensorFlow does not compute with booleans: they are 0 and 1. */
function asNumbers(op: string): Lowering {
  return (c) => {
    const inputs = c.inputs.map((input) => (input.type === 'bool' ? c.cast(input, 'int32') : input));
    return c.castToOutput(c.op(op, inputs));
  };
}

/**
 * a + c or a − c for a double constant c in 32 bits: c is taken away in two parts, its nearest float and what that
 * leaves, so that a column of large numbers close to each other (years, say) keeps its differences when centered.
 */
function inTwoParts(op: 'AddV2' | 'Sub'): Lowering {
  return (c) => {
    const second = c.constant(1);
    const whole = asNumbers(op);
    if (!c.writer.narrow || second?.dtype !== 'float64') return whole(c);
    const high = mapped(second, Math.fround);
    const low = mapped(second, (value) => {
      const rest = value - Math.fround(value);
      return Number.isFinite(rest) ? rest : 0;
    });
    if ((low.data as Float64Array).every((value) => value === 0)) return whole(c);
    return c.op(op, [c.op(op, [c.input(), c.writer.constant(high)]), c.writer.constant(low)]);
  };
}

function mapped(tensor: TensorData, change: (value: number) => number): TensorData {
  return { ...tensor, data: (tensor.data as Float64Array).map(change) };
}

/** ⌊a / b⌋; integers by way of doubles, as a zero among the divisors is an error in TensorFlow. */
const floorDivision: Lowering = (c) => {
  if (isFloat(c.input()) || c.writer.narrow) return c.op('FloorDiv', c.inputs);
  const quotient = c.op('RealDiv', [c.cast(c.input(0), 'float64'), c.cast(c.input(1), 'float64')]);
  return c.castToOutput(c.op('Floor', [quotient]));
};

/** Along any axis; TensorFlow has it along the last one. */
function alongAxis(attribute: string): Lowering {
  return (c) => {
    const rank = c.shape().length;
    const given = numberAttribute(c.attributes, attribute, -1);
    const axis = given < 0 ? given + rank : given;
    if (axis === rank - 1) return c.op(c.node.op, c.inputs);
    const order = Array.from({ length: rank }, (_, i) => i);
    [order[axis], order[rank - 1]] = [rank - 1, axis];
    const perm = c.writer.integers(order);
    return c.op('Transpose', [c.op(c.node.op, [c.op('Transpose', [c.input(), perm])]), perm]);
  };
}

export const elementwise: Lowerings = {
  ...Object.fromEntries(Object.entries(ANY_NUMBER).map(([kernel, op]) => [kernel, renamed(op)])),
  ...Object.fromEntries(
    Object.entries(FLOAT_ONLY).map(([kernel, op]) => [kernel, inFloats((c, x) => c.op(op, [x]))]),
  ),
  Add: inTwoParts('AddV2'),
  Sub: inTwoParts('Sub'),
  Multiply: asNumbers('Mul'),
  Maximum: asNumbers('Maximum'),
  Minimum: asNumbers('Minimum'),
  Mod: asNumbers('FloorMod'),
  FloorDiv: floorDivision,
  Equal: renamed('Equal'),
  NotEqual: renamed('NotEqual'),
  LogicalXor: renamed('NotEqual'),
  Greater: asNumbers('Greater'),
  GreaterEqual: asNumbers('GreaterEqual'),
  Less: asNumbers('Less'),
  LessEqual: asNumbers('LessEqual'),
  Softmax: alongAxis('dim'),
  LogSoftmax: alongAxis('axis'),
  LeakyRelu: inFloats((c, x) =>
    c.op('LeakyRelu', [x], { alpha: numberAttribute(c.attributes, 'alpha', 0.2) }),
  ),
  ClipByValue: inFloats((c, x) => {
    const bound = (name: string): Ref => c.number(numberAttribute(c.attributes, name), x);
    return c.op('ClipByValue', [x, bound('clipValueMin'), bound('clipValueMax')]);
  }),
  Cast: (c) => (c.input().type === c.writer.typeOf(c.outputDType()) ? c.input() : c.castToOutput(c.input())),
  /** 1 above zero, alpha elsewhere. */
  Step: (c) => {
    const above = c.op('Greater', [c.input(), c.number(0)]);
    const alpha = numberAttribute(c.attributes, 'alpha', 0);
    return alpha === 0 ? c.castToOutput(above) : c.op('SelectV2', [above, c.number(1), c.number(alpha)]);
  },
  /** x where x ≥ 0, else alpha · x. */
  Prelu: (c) => {
    const negative = c.op('Mul', [c.input(1), c.op('Minimum', [c.input(), c.number(0)])]);
    return c.op('AddV2', [c.op('Maximum', [c.input(), c.number(0)]), negative]);
  },
  EluGrad: renamed('EluGrad'),
  // tfjs lets a condition of rank 1 choose whole rows; SelectV2 only broadcasts.
  Select: (c) => {
    const [condition, rank] = [c.shape(0), c.shape(1).length];
    const rows = condition.length === 1 && rank > 1;
    const lifted = rows
      ? c.reshaped(c.input(), [...condition, ...Array<number>(rank - 1).fill(1)])
      : c.input();
    return c.op('SelectV2', [lifted, c.input(1), c.input(2)]);
  },
};
