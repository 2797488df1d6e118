import type { Column, Table } from '../core/table.js';
import type { TensorData } from '../core/tensor.js';
import type { FeatureGraphOptions, FittedFeatures } from '../features/index.js';

/**
 * The rows of a table as the inputs of an exported graph: every column [rows, 1], numbers as float64 with NaN for
 * missing, text with "" for missing; dates as the graph takes them.
 */
export function columnFeeds(
  features: FittedFeatures,
  table: Table,
  options: FeatureGraphOptions = {},
): Record<string, TensorData> {
  return Object.fromEntries(
    features.schema.columns.map(({ name, kind }): [string, TensorData] => {
      const column = table.columns.get(name);
      if (column === undefined) throw new Error(`The rows have no column "${name}".`);
      if (kind === 'date' && options.dates === 'days' && column.storage === 'number') {
        return [name, { dtype: 'float64', shape: [table.rows, 2], data: daysAndSeconds(column.values) }];
      }
      return [name, { ...cells(column), shape: [table.rows, 1] }];
    }),
  );
}

/** The rows as the one input of a graph that begins at the feature matrix. */
export function matrixFeed(features: FittedFeatures, table: Table): Record<string, TensorData> {
  const shape = [table.rows, features.layout.length];
  return { features: { dtype: 'float32', shape, data: features.transform(table) } };
}

const DAY = 86_400_000;

/** Milliseconds since 1970 as days and seconds of the day, two numbers a row. */
function daysAndSeconds(values: Float64Array): Float64Array {
  const pairs = new Float64Array(2 * values.length);
  values.forEach((value, row) => {
    const days = Math.floor(value / DAY);
    pairs[2 * row] = days;
    pairs[2 * row + 1] = (value - days * DAY) / 1000;
  });
  return pairs;
}

function cells(column: Column): Pick<TensorData, 'dtype' | 'data'> {
  if (column.storage === 'number') return { dtype: 'float64', data: column.values };
  const { codes, dictionary } = column;
  return { dtype: 'string', data: Array.from(codes, (code) => dictionary[code] ?? '') };
}
