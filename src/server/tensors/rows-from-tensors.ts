import { badRequest } from '../request-error.js';
import type { ColumnModel, InputRows } from '../served-model.js';
import type { Bytes, Datatype, Values } from './datatype.js';
import { fromBfloat16, fromHalf } from './half.js';
import type { Tensor, Tensors } from './tensor.js';
import { textOf } from './text.js';

/**
 * The rows of a model of raw columns that were sent as tensors: a tensor `[rows]` or `[rows, 1]` for every column, of any
 * type whose elements the column can hold (NaN and "" are missing); or one tensor `[rows, columns]` of all columns in
 * their order, whatever its name. Tensors the model does not know are ignored.
 * @throws RequestError 400 that names what is missing or has another shape.
 */
export function rowsFromTensors(model: ColumnModel, inputs: Tensors): InputRows {
  const names = model.inputs.map(({ name }) => name);
  const given = Object.keys(inputs);
  const [only] = given;
  if (given.length === 1 && only !== undefined && !names.includes(only)) {
    const matrix = inputs[only] as Tensor;
    if (matrix.shape.length === 2 && matrix.shape[1] === names.length) return rowsOfMatrix(only, matrix);
  }
  const missing = names.filter((name) => !Object.hasOwn(inputs, name));
  if (missing.length > 0) {
    throw badRequest(
      `Model '${model.name}' needs ${names.length} inputs, one for each column; ${missing.map((name) => `'${name}'`).join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.`,
    );
  }
  let rows: number | undefined;
  const columns = new Map<string, readonly unknown[]>();
  for (const name of names) {
    const tensor = inputs[name] as Tensor;
    const [count = NaN, ...rest] = tensor.shape;
    if (tensor.shape.length === 0 || rest.some((size) => size !== 1)) {
      throw badRequest(
        `Input '${name}' has shape [${tensor.shape.join(',')}]; expected [rows] or [rows,1], one element for each row.`,
      );
    }
    rows ??= count;
    if (count !== rows) {
      throw badRequest(`Input '${name}' has ${count} rows and input '${String(names[0])}' has ${rows}.`);
    }
    columns.set(name, cellsOf(name, tensor));
  }
  return { form: 'columns', rows: rows ?? 0, columns };
}

function rowsOfMatrix(name: string, tensor: Tensor): InputRows {
  const [rows = 0, width = 0] = tensor.shape;
  const cells = cellsOf(name, tensor);
  return {
    form: 'lists',
    lists: Array.from({ length: rows }, (_, row) => cells.slice(row * width, (row + 1) * width)),
  };
}

/** Elements as JSON would have them. */
function cellsOf(name: string, { datatype, values }: Tensor): readonly unknown[] {
  if (datatype === 'BYTES')
    return (values as readonly Bytes[]).map((value, row) => cellText(name, value, row));
  const convert = CONVERSIONS[datatype];
  const numbers = values as Exclude<Values, readonly Bytes[]>;
  return convert === undefined
    ? Array.from<number | bigint>(numbers)
    : Array.from<number | bigint, unknown>(numbers, convert);
}

const CONVERSIONS: Partial<Record<Datatype, (value: number | bigint) => unknown>> = {
  BOOL: (value) => value !== 0,
  FP16: (value) => fromHalf(Number(value)),
  BF16: (value) => fromBfloat16(Number(value)),
};

function cellText(name: string, value: Bytes, row: number): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  throw badRequest(`Element ${row} of input '${name}' is not UTF-8 text.`, {
    details: { row, column: name },
  });
}
