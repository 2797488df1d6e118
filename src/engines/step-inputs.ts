import { AimaasError } from '../core/errors.js';
import { sizeOf, type TensorData, type TensorValues } from '../core/tensor.js';
import { inputInfos } from '../graph/graph.js';
import type { StepGraph } from '../graph/step-graph.js';
import type { StepBatch, Tensors } from './engine.js';

/** Throws unless a batch of steps has the sizes that the step needs. */
export function checkBatch(step: StepGraph, batch: StepBatch): void {
  const infos = inputInfos(step.graph);
  const expected = step.rows.length === 0 ? 0 : batch.count * sizeOf(step.indexShape);
  if (step.rows.length > 0 && batch.indices.length !== expected) {
    throw new AimaasError(
      'INTERNAL',
      `${batch.count} steps need ${expected} row indices, received ${batch.indices.length}.`,
    );
  }
  for (const name of step.perStep) {
    const shape = [batch.count, ...(infos[name]?.shape ?? [])];
    const given = batch.perStep[name];
    if (given?.data.length !== sizeOf(shape)) {
      throw new AimaasError(
        'INTERNAL',
        `The per-step input "${name}" needs shape [${shape.join(', ')}], received [${given?.shape.join(', ') ?? ''}].`,
      );
    }
  }
}

/** Throws unless every name has a tensor. */
export function checkGiven(names: readonly string[], tensors: Tensors, what: string): void {
  for (const name of names) {
    if (tensors[name] === undefined) {
      throw new AimaasError('INTERNAL', `The ${what} "${name}" of the training step is not given.`);
    }
  }
}

/** A part of the leading axis, sharing memory. */
export function sliceLeading(tensor: TensorData, from: number, to: number): TensorData {
  const size = sizeOf(tensor.shape.slice(1));
  const shape = [to - from, ...tensor.shape.slice(1)];
  const { data } = tensor;
  if (!ArrayBuffer.isView(data)) return { ...tensor, shape, data: data.slice(from * size, to * size) };
  return { ...tensor, shape, data: data.subarray(from * size, to * size) };
}

/** Joins parts along the leading axis. */
export function joinLeading(parts: readonly TensorData[]): TensorData {
  const [first] = parts;
  if (first === undefined) throw new Error('There is nothing to join.');
  if (parts.length === 1) return first;
  const shape = [parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0), ...first.shape.slice(1)];
  if (!ArrayBuffer.isView(first.data)) {
    return { ...first, shape, data: parts.flatMap((part) => [...(part.data as readonly string[])]) };
  }
  const joined = new (
    first.data.constructor as new (length: number) => Exclude<TensorValues, readonly string[]>
  )(sizeOf(shape));
  let offset = 0;
  for (const part of parts) {
    joined.set(part.data as never, offset);
    offset += part.data.length;
  }
  return { ...first, shape, data: joined };
}
