import type { TensorData } from '../../core/tensor.js';
import { numberAttribute, stringAttribute, stringsAttribute } from '../../graph/attributes.js';
import type { Lowerings } from './lower.js';
import { type } from './writer.js';

const strings = (data: readonly string[]): TensorData => ({ dtype: 'string', shape: [data.length], data });
const indices = (count: number): TensorData => ({
  dtype: 'int32',
  shape: [count],
  data: Int32Array.from({ length: count }, (_, i) => i),
});

/**
 * Our own two operations between text and index, as TensorFlow's lookup tables. tfjs finds in its tables
 * asynchronously and gives back a vector, hence the reshape (and `executeAsync` for whoever asks for these outputs).
 */
export const lookup: Lowerings = {
  LookupIndex: ({ node, writer, input, shape, reshaped }) => {
    const keys = stringsAttribute(node.attributes, 'keys');
    const missing = writer.integers(numberAttribute(node.attributes, 'default', -1));
    // A table without keys is not one that every loader takes; a key that is never met does no harm.
    const table = keys.length === 0 ? undefined : writer.table(strings(keys), indices(keys.length));
    if (table === undefined) {
      const nothing = writer.node('NotEqual', [input(0), input(0)]);
      const zeros = writer.node('Cast', [nothing], { DstT: type('int32') });
      return [writer.node('AddV2', [zeros, missing])];
    }
    const found = writer.node('LookupTableFindV2', [table, input(0), missing], {
      Tin: type('string'),
      Tout: type('int32'),
    });
    return [reshaped(found, shape(0))];
  },
  LookupLabel: ({ node, writer, input, shape, reshaped }) => {
    const labels = stringsAttribute(node.attributes, 'labels');
    const table = writer.table(indices(labels.length), strings(labels));
    const fallback = node.attributes.default === undefined ? '' : stringAttribute(node.attributes, 'default');
    const unknown = writer.constant({ dtype: 'string', shape: [], data: [fallback] });
    const attr = { Tin: type('int32'), Tout: type('string') };
    const found = writer.node('LookupTableFindV2', [table, input(0), unknown], attr);
    return [shape(0).length === 1 ? found : reshaped(found, shape(0))];
  },
};
