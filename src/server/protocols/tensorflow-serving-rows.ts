import { AimaasError } from '../../core/errors.js';
import { isJsonObject } from '../../core/json.js';
import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import type { InputRecord, ServedModel } from '../served-model.js';

/** Strings that are bytes travel as {"b64": …}; ours are text, so the bytes must be UTF-8. */
function cell(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const { b64 } = value as { b64?: unknown };
  if (typeof b64 !== 'string' || Object.keys(value).length !== 1) return value;
  return Buffer.from(b64, 'base64').toString('utf8');
}

function keysMustBe(model: ServedModel): string {
  return model.inputs
    .map(({ name }) => name)
    .sort()
    .join(',');
}

/**
 * The rows of `instances`: objects whose keys are exactly the model's columns, or lists of values in column order.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function rowsFromInstances(model: ServedModel, instances: unknown): InputRecord[] {
  if (!Array.isArray(instances)) {
    throw badRequest(`JSON Value: ${quote({ instances })} Excepting 'instances' to be an list/array`);
  }
  if (instances.length === 0) {
    throw badRequest(`JSON Value: ${quote({ instances })} No values in 'instances' array`);
  }
  const asObjects = isJsonObject(instances[0]);
  return instances.map((instance: unknown, index) => {
    if (asObjects) {
      if (isJsonObject(instance)) return fromObject(model, instance, index);
      throw badRequest(`Expecting object but got list at item ${index} of input list`);
    }
    if (isJsonObject(instance)) {
      throw badRequest(`Expecting value/list but got object at item ${index} of input list`);
    }
    return fromList(model, instance, index);
  });
}

function fromObject(model: ServedModel, instance: InputRecord, index: number): InputRecord {
  const { inputs } = model;
  const row: Record<string, unknown> = {};
  let present = 0;
  for (const { name } of inputs) {
    if (!Object.hasOwn(instance, name)) continue;
    define(row, name, cell(instance[name]));
    present++;
  }
  const keys = Object.keys(instance);
  if (present === inputs.length && keys.length === inputs.length) return row;
  const extra = keys.find((key) => !inputs.some(({ name }) => name === key));
  if (extra !== undefined) {
    throw badRequest(
      `Failed to process element: ${index} key: ${extra} of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: ${extra}`,
      { details: { row: index, column: extra } },
    );
  }
  throw badRequest(
    `Failed to process element: ${index} of 'instances' list. JSON object: ${quote(instance)} keys must be equal to: ${keysMustBe(model)}`,
    { details: { row: index } },
  );
}

/** Sets a member whatever its name: assigning to __proto__ would not. */
function define(row: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true });
  else row[name] = value;
}

function fromList(model: ServedModel, instance: unknown, index: number): InputRecord {
  const { inputs } = model;
  const values: readonly unknown[] = Array.isArray(instance) ? instance : [instance];
  if (values.length !== inputs.length) {
    throw badRequest(
      `Failed to process element: ${index} of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected size: ${values.length} at level: 0 expected size: ${inputs.length}`,
      { details: { row: index } },
    );
  }
  const row: Record<string, unknown> = {};
  inputs.forEach(({ name }, i) => define(row, name, cell(values[i])));
  return row;
}

/**
 * The rows of `inputs`: an object of equally long lists by column (names the model does not know are ignored), or one
 * list where the model has one column.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function rowsFromInputs(model: ServedModel, inputs: unknown): InputRecord[] {
  const columns = columnsOf(model, inputs).map(([name, value]): [string, readonly unknown[]] => {
    const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    return [name, list];
  });
  const rows = columns[0]?.[1].length ?? 0;
  const uneven = columns.find(([, values]) => values.length !== rows);
  if (uneven !== undefined) {
    throw badRequest(
      `Tensor name: ${uneven[0]} has inconsistent batch size: ${uneven[1].length} expecting: ${rows}`,
      { details: { column: uneven[0] } },
    );
  }
  return Array.from({ length: rows }, (_, index) => {
    const row: Record<string, unknown> = {};
    for (const [name, values] of columns) define(row, name, cell(values[index]));
    return row;
  });
}

function columnsOf(model: ServedModel, inputs: unknown): [string, unknown][] {
  if (!isJsonObject(inputs) || cell(inputs) !== inputs) {
    const [only] = model.inputs;
    if (only !== undefined && model.inputs.length === 1) return [[only.name, inputs]];
    throw badRequest(
      'inputs is a plain value/list, but expecting an object as multiple input tensors required as per tensorinfo_map',
    );
  }
  return model.inputs.map(({ name }) => {
    if (Object.hasOwn(inputs, name)) return [name, inputs[name]];
    throw badRequest(`Missing named input: ${name} in 'inputs' object.`, { details: { column: name } });
  });
}

/** A value that its column does not take, told as TensorFlow Serving tells it; other errors as they are. */
export function tensorError(error: unknown, key: string): unknown {
  if (!(error instanceof AimaasError) || !isJsonObject(error.details)) return error;
  const { row, column } = error.details;
  if (typeof row !== 'number' || typeof column !== 'string') return error;
  return badRequest(
    `Failed to process element: ${row} key: ${column} of '${key}' list. Error: INVALID_ARGUMENT: ${error.message}`,
    { details: error.details },
  );
}
