import type { Prediction } from '../core/predictor.js';
import { type Column, type DataSchema, stringColumn, type Table } from '../core/table.js';

/** The columns of `predictionTable`: what is predicted and, for classes, how surely. */
export function predictionSchema(classes: readonly string[]): DataSchema {
  const column = (name: string, kind: 'category' | 'number'): DataSchema['columns'][number] => ({
    name,
    kind,
    reason: 'predicted',
    dataType: kind === 'number' ? 'float' : 'string',
  });
  if (classes.length === 0) return { columns: [column('prediction', 'number')], target: null };
  return { columns: [column('prediction', 'category'), column(sureness(classes), 'number')], target: null };
}

/** Of two classes the probability of the second says all; of more, that of the predicted one. */
function sureness(classes: readonly string[]): string {
  return classes.length === 2 ? `probability of ${classes[1] ?? ''}` : 'probability of the prediction';
}

/** Predictions as a table, so that they are compared as inputs are. */
export function predictionTable(classes: readonly string[], predictions: readonly Prediction[]): Table {
  const rows = predictions.length;
  if (classes.length === 0) {
    const values = Float64Array.from(predictions, ({ prediction }) => Number(prediction));
    return { rows, columns: new Map([['prediction', { storage: 'number', values }]]) };
  }
  const of = classes.length === 2 ? classes[1] : undefined;
  const values = Float64Array.from(
    predictions,
    ({ prediction, probabilities }) => probabilities?.[of ?? String(prediction)] ?? NaN,
  );
  const labels = stringColumn(predictions.map(({ prediction }) => String(prediction)));
  const columns: [string, Column][] = [
    ['prediction', labels],
    [sureness(classes), { storage: 'number', values }],
  ];
  return { rows, columns: new Map(columns) };
}
