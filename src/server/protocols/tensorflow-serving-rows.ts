import { AimaasError } from '../../core/errors.js';
import { isJsonObject } from '../../core/json.js';
import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import type { ColumnModel, InputRecord, InputRows } from '../served-model.js';
import { bytesOfBase64 } from '../tensors/base64.js';
import { textOf } from '../tensors/text.js';

/** Whether a value is {"b64": …}, as which strings that are bytes travel. */
function isBytes(value: unknown): value is { readonly b64: string } {
  if (value === null || typeof value !== 'object') return false;
  return typeof (value as { b64?: unknown }).b64 === 'string' && Object.keys(value).length === 1;
}

/** Our strings are text, so the bytes must be UTF-8. @throws RequestError 400 that names row and column. */
function cell(value: unknown, row: number, column: string): unknown {
  if (!isBytes(value)) return value;
  const bytes = bytesOfBase64(value.b64);
  const text = bytes === undefined ? undefined : textOf(bytes);
  if (text !== undefined) return text;
  const what = bytes === undefined ? 'is not base64' : 'is not UTF-8 text';
  throw badRequest(`Row ${row}, column "${column}": ${quote(value)} ${what}.`, { details: { row, column } });
}

/** The cells of a list; the list itself where none is bytes. */
function cells(
  values: readonly unknown[],
  place: (index: number) => readonly [row: number, column: string],
): readonly unknown[] {
  return values.some(isBytes) ? values.map((value, index) => cell(value, ...place(index))) : values;
}

/** The cells of an object; the object itself where none is bytes. @throws RequestError 400 for wrong bytes. */
export function recordCells(record: InputRecord, row: number): InputRecord {
  const entries = Object.entries(record);
  if (!entries.some(([, value]) => isBytes(value))) return record;
  return Object.fromEntries(entries.map(([name, value]) => [name, cell(value, row, name)]));
}

/**
 * The rows of `instances`: objects whose keys are exactly the model's columns, or lists of values in column order.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function rowsFromInstances(model: ColumnModel, instances: unknown): InputRows {
  if (!Array.isArray(instances)) {
    throw badRequest(`JSON Value: ${quote({ instances })} Excepting 'instances' to be an list/array`);
  }
  if (instances.length === 0) {
    throw badRequest(`JSON Value: ${quote({ instances })} No values in 'instances' array`);
  }
  const items: readonly unknown[] = instances;
  if (isJsonObject(items[0]) && !isBytes(items[0])) {
    const records = items.map((item, index) => {
      if (isJsonObject(item)) return checkedRecord(model, item, index);
      throw badRequest(`Expecting object but got list at item ${index} of input list`);
    });
    return { form: 'records', records };
  }
  const lists = items.map((item, index) => {
    if (!isJsonObject(item) || isBytes(item)) return checkedList(model, item, index);
    throw badRequest(`Expecting value/list but got object at item ${index} of input list`);
  });
  return { form: 'lists', lists };
}

function checkedRecord({ inputs }: ColumnModel, instance: InputRecord, index: number): InputRecord {
  const keys = Object.keys(instance);
  if (keys.length === inputs.length && inputs.every(({ name }) => Object.hasOwn(instance, name)))
    return recordCells(instance, index);
  const extra = keys.find((key) => !inputs.some(({ name }) => name === key));
  if (extra !== undefined) {
    throw badRequest(
      `Failed to process element: ${index} key: ${extra} of 'instances' list. Error: INVALID_ARGUMENT: JSON object: does not have named input: ${extra}`,
      { details: { row: index, column: extra } },
    );
  }
  const names = inputs.map(({ name }) => name).sort();
  throw badRequest(
    `Failed to process element: ${index} of 'instances' list. JSON object: ${quote(instance)} keys must be equal to: ${names.join(',')}`,
    { details: { row: index } },
  );
}

function checkedList({ inputs }: ColumnModel, instance: unknown, index: number): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(instance) ? instance : [instance];
  if (values.length === inputs.length) return cells(values, (i) => [index, inputs[i]?.name ?? '']);
  throw badRequest(
    `Failed to process element: ${index} of 'instances' list. Error: INVALID_ARGUMENT: Encountered list at unexpected size: ${values.length} at level: 0 expected size: ${inputs.length}`,
    { details: { row: index } },
  );
}

/**
 * The rows of `inputs`: an object of equally long lists by column (names the model does not know are ignored), or one
 * list where the model has one column.
 * @throws RequestError 400 in TensorFlow Serving's words.
 */
export function rowsFromInputs(model: ColumnModel, inputs: unknown): InputRows {
  const columns = columnsOf(model, inputs).map(([name, value]): [string, readonly unknown[]] => {
    return [name, cells(Array.isArray(value) ? value : [value], (row) => [row, name])];
  });
  const rows = columns[0]?.[1].length ?? 0;
  const uneven = columns.find(([, values]) => values.length !== rows);
  if (uneven !== undefined) {
    throw badRequest(
      `Tensor name: ${uneven[0]} has inconsistent batch size: ${uneven[1].length} expecting: ${rows}`,
      { details: { column: uneven[0] } },
    );
  }
  return { form: 'columns', rows, columns: new Map(columns) };
}

function columnsOf(model: ColumnModel, inputs: unknown): [string, unknown][] {
  if (!isJsonObject(inputs) || isBytes(inputs)) {
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
