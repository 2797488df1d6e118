import { badRequest } from '../../request-error.js';
import type { ServedModel } from '../../served-model.js';
import type { Values } from '../../tensors/datatype.js';
import { elementWriter } from '../../tensors/json.js';
import { elementCount, type Tensor, type Tensors } from '../../tensors/tensor.js';
import type { RequestedOutput } from './request.js';

/** An output to be sent. */
export interface ChosenOutput {
  readonly name: string;
  readonly tensor: Tensor;
  readonly binary: boolean;
}

/**
 * Checks before the work what outputs are asked for.
 * @throws RequestError 400 for one that the model does not have.
 */
export function checkOutputs(model: ServedModel, wanted: readonly RequestedOutput[] | null): void {
  const known = model.outputTensors.map(({ name }) => name);
  const unknown = wanted?.find(({ name }) => !known.includes(name));
  if (unknown === undefined) return;
  throw badRequest(
    `Model '${model.name}' has no output '${unknown.name}'; its outputs are ${known.map((name) => `'${name}'`).join(', ')}.`,
  );
}

/** The outputs that are asked for, in the order they were asked for; all of them, in the model's order, for null. */
export function chooseOutputs(
  model: ServedModel,
  answers: Tensors,
  wanted: readonly RequestedOutput[] | null,
  binaryOutputs: boolean,
): ChosenOutput[] {
  const asked =
    wanted ?? model.outputTensors.map(({ name }) => ({ name, binary: binaryOutputs, classes: 0 }));
  return asked.map(({ name, binary, classes }) => {
    const tensor = answers[name] as Tensor;
    return {
      name,
      binary,
      tensor: classes > 0 ? highest(name, tensor, classes, labelsOf(model, name)) : tensor,
    };
  });
}

function labelsOf(model: ServedModel, output: string): readonly string[] {
  return model.kind === 'columns' && output === 'probabilities' ? model.predictor.classes : [];
}

/**
 * The classification extension: of every row the highest values, as texts "value:index" or "value:index:label".
 * @throws RequestError 400 for an output that is no list of numbers a row.
 */
function highest(name: string, tensor: Tensor, count: number, labels: readonly string[]): Tensor {
  const { datatype, shape } = tensor;
  if (datatype === 'BYTES' || datatype === 'BOOL') {
    throw badRequest(`Output '${name}' is ${datatype}: it has no classes to be ranked.`);
  }
  const rows = shape.length > 1 ? (shape[0] as number) : 1;
  const width = rows === 0 ? 0 : elementCount(shape) / rows;
  const kept = Math.min(count, width);
  const write = elementWriter(tensor);
  const values: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (const index of ranked(tensor.values, row * width, width).slice(0, kept)) {
      const label = labels[index];
      values.push(`${write(row * width + index)}:${index}${label === undefined ? '' : `:${label}`}`);
    }
  }
  return { datatype: 'BYTES', shape: shape.length > 1 ? [rows, kept] : [kept], values };
}

/** Indices from the highest value down; the first of equals first, NaN last. */
function ranked(values: Values, from: number, count: number): number[] {
  const at = (index: number): number => {
    const value = Number(values[from + index]);
    return Number.isNaN(value) ? -Infinity : value;
  };
  return Array.from({ length: count }, (_, index) => index).sort((a, b) => at(b) - at(a) || a - b);
}
