import { badRequest } from '../request-error.js';
import type { InputRecord } from '../served-model.js';
import { textOf } from '../tensors/text.js';
import { type Integer, numberOf } from './integers.js';

interface Feature {
  readonly bytes_list?: { readonly value: readonly Uint8Array[] } | null;
  readonly float_list?: { readonly value: readonly number[] } | null;
  readonly int64_list?: { readonly value: readonly Integer[] } | null;
}

interface Example {
  readonly features?: { readonly feature: Readonly<Record<string, Feature>> } | null;
}

/** tensorflow.serving.Input. */
export interface Input {
  readonly example_list?: { readonly examples: readonly Example[] } | null;
  readonly example_list_with_context?: {
    readonly examples: readonly Example[];
    readonly context?: Example | null;
  } | null;
}

/**
 * tf.Examples as records: a feature of no value is missing, of one is a cell.
 * @throws RequestError 400 for no examples, and for a feature of several values or of bytes that are no text.
 */
export function recordsOf(input: Input | null | undefined): InputRecord[] {
  const context = input?.example_list_with_context;
  const examples = context?.examples ?? input?.example_list?.examples ?? [];
  if (examples.length === 0) throw badRequest('Input is empty.');
  const shared = cellsOf(context?.context, 0);
  return examples.map((example, row) => Object.fromEntries([...shared, ...cellsOf(example, row)]));
}

function cellsOf(example: Example | null | undefined, row: number): [string, unknown][] {
  const features = Object.entries(example?.features?.feature ?? {});
  return features.map(([name, feature]) => [name, cellOf(name, feature, row)]);
}

function cellOf(name: string, { bytes_list, float_list, int64_list }: Feature, row: number): unknown {
  const values = bytes_list?.value ?? float_list?.value ?? int64_list?.value ?? [];
  if (values.length > 1) {
    throw badRequest(`Example ${row} has ${values.length} values for '${name}'; a column has one.`);
  }
  const [value] = values;
  if (value === undefined) return null;
  if (!(value instanceof Uint8Array)) return numberOf(value);
  const text = textOf(value);
  if (text === undefined) throw badRequest(`Example ${row}: the bytes of '${name}' are not UTF-8 text.`);
  return text;
}
