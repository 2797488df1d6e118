import { isFloat, renamed, type Emission, type Emitter, type Emitters } from '../emitter.js';

/** A comparison; booleans are compared as integers, which ONNX needs. */
function comparison(opType: string, negate = false): Emitter {
  return (e) => {
    const inputs = e.info().dtype === 'bool' ? e.inputs.map((name) => e.cast(name, 'int32')) : e.inputs;
    if (negate) e.result('Not', [e.emit(opType, inputs)]);
    else e.result(opType, inputs);
  };
}

/** Arithmetic that ONNX does not do with booleans: they are 0 and 1. */
function arithmetic(opType: string): Emitter {
  return (e) => {
    if (e.info().dtype !== 'bool') {
      e.result(opType, e.inputs);
      return;
    }
    e.castResult(
      e.emit(
        opType,
        e.inputs.map((name) => e.cast(name, 'int32')),
      ),
      e.outputInfo().dtype,
    );
  };
}

/** ⌊a / b⌋; integers by way of float64, which holds every int32 exactly. */
function floorDivision(e: Emission): void {
  const { dtype } = e.info();
  if (isFloat(dtype)) {
    e.result('Floor', [e.emit('Div', e.inputs)]);
    return;
  }
  const quotient = e.emit(
    'Div',
    e.inputs.map((name) => e.cast(name, 'float64')),
  );
  e.castResult(e.emit('Floor', [quotient]), dtype);
}

/** The remainder with the sign of the divisor, as tfjs and Python have it. */
function modulo(e: Emission): void {
  const [a, b] = [e.input(0), e.input(1)];
  if (!isFloat(e.info().dtype)) {
    e.result('Mod', [a, b]);
    return;
  }
  const fmod = { fmod: { int: 1 } };
  e.result('Mod', [e.emit('Add', [e.emit('Mod', [a, b], fmod), b]), b], fmod);
}

/** The angle of the point (x, y): atan(y / x), turned by π in the left half plane. */
function atan2(e: Emission): void {
  const [y, x] = [e.input(0), e.input(1)];
  const { dtype } = e.info();
  const constant = (value: number) => e.writer.scalar(value, dtype);
  const zero = constant(0);
  const turn = e.emit('Where', [e.emit('Less', [y, zero]), constant(-Math.PI), constant(Math.PI)]);
  const quotient = e.emit('Atan', [e.emit('Div', [y, x])]);
  const turned = e.emit('Where', [e.emit('Less', [x, zero]), e.emit('Add', [quotient, turn]), quotient]);
  const origin = e.emit('And', [e.emit('Equal', [x, zero]), e.emit('Equal', [y, zero])]);
  e.result('Where', [origin, zero, turned]);
}

function select(e: Emission): void {
  const [condition, t] = [e.info(0), e.info(1)];
  const rows = condition.shape.length === 1 && t.shape.length > 1;
  const axes = t.shape.slice(1).map((_, i) => i + 1);
  const lifted = rows ? e.emit('Unsqueeze', [e.input(0), e.writer.int64s(axes)]) : e.input(0);
  if (t.dtype !== 'bool') {
    e.result('Where', [lifted, e.input(1), e.input(2)]);
    return;
  }
  const [then, otherwise] = [e.cast(e.input(1), 'int32'), e.cast(e.input(2), 'int32')];
  e.castResult(e.emit('Where', [lifted, then, otherwise]), 'bool');
}

export const binaryEmitters: Emitters = {
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  RealDiv: renamed('Div'),
  FloorDiv: floorDivision,
  Maximum: renamed('Max'),
  Minimum: renamed('Min'),
  Mod: modulo,
  Pow: renamed('Pow'),
  Atan2: atan2,
  SquaredDifference: (e) => {
    const difference = e.emit('Sub', e.inputs);
    e.result('Mul', [difference, difference]);
  },
  Equal: comparison('Equal'),
  NotEqual: comparison('Equal', true),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: renamed('And'),
  LogicalOr: renamed('Or'),
  LogicalXor: renamed('Xor'),
  /** x where x ≥ 0, else alpha · x. */
  Prelu: (e) => {
    const zero = e.writer.scalar(0, e.info().dtype);
    const [x, alpha] = [e.input(0), e.input(1)];
    const negative = e.emit('Mul', [alpha, e.emit('Min', [x, zero])]);
    e.result('Add', [e.emit('Max', [x, zero]), negative]);
  },
  /** dy where y ≥ 0, else dy · (y + 1). */
  EluGrad: (e) => {
    const { dtype } = e.info();
    const below = e.emit('Min', [e.input(1), e.writer.scalar(0, dtype)]);
    e.result('Mul', [e.input(0), e.emit('Add', [below, e.writer.scalar(1, dtype)])]);
  },
  AddN: (e) => {
    if (e.inputs.length === 1) e.result('Identity', e.inputs);
    else if (isFloat(e.info().dtype)) e.result('Sum', e.inputs);
    else {
      const [first = '', ...rest] = e.inputs;
      const last = rest.pop() ?? '';
      e.result('Add', [rest.reduce((sum, name) => e.emit('Add', [sum, name]), first), last]);
    }
  },
  Select: select,
};
