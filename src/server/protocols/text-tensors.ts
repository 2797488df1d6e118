import { quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import type { InputRows, TensorModel } from '../served-model.js';
import type { Datatype } from '../tensors/datatype.js';
import type { TensorSpec } from '../tensors/tensor.js';

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
const NOT_A_NUMBER = new Set(['', 'nan', 'na', 'null']);
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/**
 * The cells of a CSV as the JSON values that the inputs of a model take, one a row.
 * @throws RequestError 400 that names row and column of a cell that is none, or the input that takes more than a cell.
 */
export function columnsFromText(
  { name, inputTensors }: TensorModel,
  rows: InputRows,
): Record<string, unknown[]> {
  const columns = rows.form === 'columns' ? rows.columns : new Map<string, readonly unknown[]>();
  return Object.fromEntries(
    inputTensors.flatMap((spec): [string, unknown[]][] => {
      const texts = columns.get(spec.name) as readonly string[] | undefined;
      if (texts === undefined) return [];
      const rest = spec.shape.slice(1);
      if (rest.some((size) => size > 1)) {
        throw badRequest(
          `Input '${spec.name}' of model '${name}' has shape [${spec.shape.join(',')}], which is no column of a CSV.`,
          { hint: 'Send JSON: {"records": [{"INPUT": VALUES}]}.' },
        );
      }
      const nest = (value: unknown): unknown => rest.reduce<unknown>((inner) => [inner], value);
      return [[spec.name, texts.map((text, row) => nest(cellOf(spec, text, row)))]];
    }),
  );
}

function cellOf({ name, datatype }: TensorSpec, text: string, row: number): unknown {
  const value = valueOf(datatype, text);
  if (value !== undefined) return value;
  throw badRequest(`Row ${row}, column "${name}": ${quote(text)} is no ${datatype}.`, {
    details: { row, column: name },
  });
}

/** undefined for what does not fit. Whether a whole number is too large for its type is looked at with those of JSON. */
function valueOf(datatype: Datatype, text: string): unknown {
  if (datatype === 'BYTES') return text;
  const trimmed = text.trim();
  switch (datatype) {
    case 'BOOL':
      return BOOLEANS.get(trimmed.toLowerCase());
    case 'FP16':
    case 'BF16':
    case 'FP32':
    case 'FP64':
      if (NOT_A_NUMBER.has(trimmed.toLowerCase())) return null;
      return NUMBER.test(trimmed) ? Number(trimmed) : undefined;
    case 'INT64':
    case 'UINT64':
      return INTEGER.test(trimmed) ? trimmed.replace(/^\+/, '') : undefined;
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'INT8':
    case 'INT16':
    case 'INT32':
      return INTEGER.test(trimmed) ? Number(trimmed) : undefined;
  }
}
