import { booleanAttribute, numberAttribute } from '../../attributes.js';
import type { GraphBuilder } from '../../builder.js';
import type { Attributes, ValueId } from '../../graph.js';
import { broadcastShapes, normalizeAxis, sameShape } from '../../shapes.js';

/**
 * A product of stacks of matrices. tfjs' cpu kernel counts the smaller stack round and round, which is broadcasting where
 * its axes are the last ones of the larger stack, and wrong for a one among them: that one is repeated beforehand.
 */
export function productOfBatches(
  builder: GraphBuilder,
  a: ValueId,
  b: ValueId,
  attributes: Attributes,
): ValueId {
  const [left, right] = [a, b].map((value) => builder.info(value).shape.slice(0, -2));
  const whole = broadcastShapes(left ?? [], right ?? []);
  const repeated = [a, b].map((value) => {
    const { shape } = builder.info(value);
    const batch = shape.slice(0, -2);
    const first = batch.findIndex((size) => size !== 1);
    const counted = first < 0 ? [] : batch.slice(first);
    if (sameShape(counted, whole.slice(whole.length - counted.length))) return value;
    const target = whole.slice(whole.length - batch.length);
    const reps = [...batch.map((size, i) => (target[i] ?? size) / size), 1, 1];
    return builder.op('Tile', [value], { reps });
  });
  return builder.op('BatchMatMul', repeated, {
    transposeA: booleanAttribute(attributes, 'transposeA'),
    transposeB: booleanAttribute(attributes, 'transposeB'),
  });
}

const count = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Taking along an axis; ONNX takes within batches along the axis after theirs, so another one is moved there and back. */
export function gathered(
  builder: GraphBuilder,
  x: ValueId,
  indices: ValueId,
  attributes: Attributes,
): ValueId {
  const [rank, indexRank] = [x, indices].map((value) => builder.info(value).shape.length) as [number, number];
  const axis = normalizeAxis(numberAttribute(attributes, 'axis', 0), rank);
  const batchDims = numberAttribute(attributes, 'batchDims', 0);
  if (batchDims === 0 || axis === batchDims) {
    return builder.op('GatherV2', [x, indices], { ...attributes, axis, batchDims });
  }
  const batches = count(0, batchDims);
  const moved = builder.op('Transpose', [x], {
    perm: [...batches, axis, ...count(batchDims, axis), ...count(axis + 1, rank)],
  });
  const taken = builder.op('GatherV2', [moved, indices], { axis: batchDims, batchDims });
  const [outer, last] = [indexRank + axis - batchDims, rank - 1 + indexRank - batchDims];
  return builder.op('Transpose', [taken], {
    perm: [...batches, ...count(indexRank, outer), ...count(batchDims, indexRank), ...count(outer, last)],
  });
}
