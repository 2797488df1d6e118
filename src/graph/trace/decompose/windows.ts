import { booleanAttribute, numberAttribute } from '../../attributes.js';
import type { GraphBuilder } from '../../builder.js';
import type { Attributes, ValueId } from '../../graph.js';
import { normalizeAxis } from '../../shapes.js';

/** The tensor moved along an axis by `by`, with `fill` moving in. */
function shifted(builder: GraphBuilder, x: ValueId, axis: number, by: number, fill: number): ValueId {
  const { shape } = builder.info(x);
  const size = shape.map((length, i) => (i === axis ? length - Math.abs(by) : length));
  const begin = shape.map((_, i) => (i === axis && by < 0 ? -by : 0));
  const kept = builder.op('Slice', [x], { begin, size });
  const paddings = shape.map((_, i) => (i === axis ? [Math.max(by, 0), Math.max(-by, 0)] : [0, 0]));
  return builder.op('PadV2', [kept], { paddings, constantValue: fill });
}

/** Running products, by doubling: after n rounds every element is the product of the 2ⁿ up to it. */
export function cumulativeProduct(builder: GraphBuilder, x: ValueId, attributes: Attributes): ValueId {
  const { shape } = builder.info(x);
  const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), shape.length);
  const length = shape[axis] ?? 1;
  if (length === 0) return x;
  const direction = booleanAttribute(attributes, 'reverse') ? -1 : 1;
  let product = x;
  if (booleanAttribute(attributes, 'exclusive')) product = shifted(builder, x, axis, direction, 1);
  for (let reach = 1; reach < length; reach *= 2) {
    const before = shifted(builder, product, axis, direction * reach, 1);
    product = builder.op('Multiply', [product, before]);
  }
  return product;
}

interface ResponseOptions {
  readonly radius: number;
  readonly bias: number;
  readonly alpha: number;
  readonly beta: number;
}

function responseOptions(attributes: Attributes): ResponseOptions {
  return {
    radius: numberAttribute(attributes, 'depthRadius'),
    bias: numberAttribute(attributes, 'bias'),
    alpha: numberAttribute(attributes, 'alpha'),
    beta: numberAttribute(attributes, 'beta'),
  };
}

/** Sums over the channels within `radius`. */
function neighbours(builder: GraphBuilder, x: ValueId, radius: number): ValueId {
  const { shape } = builder.info(x);
  const axis = shape.length - 1;
  const reach = Math.min(radius, (shape[axis] ?? 1) - 1);
  const parts = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    i === reach ? x : shifted(builder, x, axis, i - reach, 0),
  );
  return builder.op('AddN', parts);
}

function base(builder: GraphBuilder, x: ValueId, { radius, bias, alpha }: ResponseOptions): ValueId {
  const squares = neighbours(builder, builder.op('Square', [x]), radius);
  return builder.op('Add', [builder.op('Multiply', [squares, builder.scalar(alpha)]), builder.scalar(bias)]);
}

/** x / (bias + α Σ x²)^β, the sum over neighbouring channels (Krizhevsky et al. 2012). */
export function localResponse(builder: GraphBuilder, x: ValueId, attributes: Attributes): ValueId {
  const options = responseOptions(attributes);
  const scale = builder.op('Pow', [base(builder, x, options), builder.scalar(-options.beta)]);
  return builder.op('Multiply', [x, scale]);
}

/** dy · s^−β − 2αβ · x · Σ (dy · y / s), with s the base of the power above. */
export function localResponseGradient(
  builder: GraphBuilder,
  x: ValueId,
  y: ValueId,
  dy: ValueId,
  attributes: Attributes,
): ValueId {
  const options = responseOptions(attributes);
  const { radius, alpha, beta } = options;
  const s = base(builder, x, options);
  const direct = builder.op('Multiply', [dy, builder.op('Pow', [s, builder.scalar(-beta)])]);
  const shared = neighbours(builder, builder.op('RealDiv', [builder.op('Multiply', [dy, y]), s]), radius);
  const others = builder.op('Multiply', [
    builder.op('Multiply', [x, shared]),
    builder.scalar(2 * alpha * beta),
  ]);
  return builder.op('Sub', [direct, others]);
}
