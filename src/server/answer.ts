import type { Asking, Batcher } from './batcher.js';
import type { Serving } from './model-set.js';
import { RequestError, toRequestError } from './request-error.js';
import { Scores } from './scores.js';
import { type ColumnModel, type InputRows, SCORES } from './served-model.js';
import type { Onlooker } from './traffic/onlooker.js';
import { checkTensors } from './tensors/check.js';
import { rowsFromTensors } from './tensors/rows-from-tensors.js';
import type { Tensors } from './tensors/tensor.js';

/** A model of raw columns and the batcher in front of it. */
export interface ColumnServing {
  readonly model: ColumnModel;
  readonly batcher: Batcher;
  readonly onlooker?: Onlooker | undefined;
}

/** @throws RequestError 501 for a model whose tensors are its signature. */
export function columnServing({ model, batcher, onlooker }: Serving): ColumnServing {
  if (model.kind === 'columns') return { model, batcher, onlooker };
  throw new RequestError(501, 'UNSUPPORTED', `${model.name} takes tensors, not columns.`, {
    hint: `Use POST /v2/models/${model.name}/infer.`,
  });
}

/**
 * The answers to some rows: what every protocol asks by.
 * @throws AimaasError that names row and column when a row is not what the model takes, RequestError as Batcher.run.
 */
export async function answerRows(serving: ColumnServing, rows: InputRows, asking: Asking): Promise<Scores> {
  const { onlooker } = serving;
  if (onlooker === undefined) return answer(serving, rows, asking);
  const started = performance.now();
  try {
    const scores = await answer(serving, rows, asking);
    onlooker.answered(rows, scores, (performance.now() - started) / 1000);
    return scores;
  } catch (error) {
    if (toRequestError(error).status >= 500) onlooker.failed();
    throw error;
  }
}

async function answer({ model, batcher }: ColumnServing, rows: InputRows, asking: Asking): Promise<Scores> {
  // Before the rows are looked at: what is wrong with one tells of the model's columns.
  const admission = asking.access.admit(model, countRows(rows));
  if (admission instanceof Promise) await admission;
  const table = model.toTable(rows);
  if (table.rows === 0) return new Scores(model.predictor.classes, new Float32Array(0));
  const outputs = await batcher.run(model.encode(table), table.rows, asking);
  const scores = new Scores(model.predictor.classes, outputs[SCORES]?.values as Float32Array);
  model.watcher?.answered(table, scores);
  return scores;
}

function countRows(rows: InputRows): number {
  switch (rows.form) {
    case 'records':
      return rows.records.length;
    case 'lists':
      return rows.lists.length;
    case 'columns':
      return rows.rows;
  }
}

/**
 * Answers tensors with tensors, whichever the kind of model: what the protocols that speak in tensors ask by.
 * @throws RequestError 400 when they are not what the model takes; as answerRows and Batcher.run.
 */
export async function answerTensors(serving: Serving, inputs: Tensors, asking: Asking): Promise<Tensors> {
  const { model, batcher, onlooker } = serving;
  // Before the tensors are looked at: what is wrong with one tells of the model's.
  asking.access.require('predict', model.name);
  if (model.kind === 'tensors') {
    const rows = checkTensors(model, inputs);
    const admission = asking.access.admit(model, rows);
    if (admission instanceof Promise) await admission;
    return batcher.run(inputs, rows, asking);
  }
  return outputsOf(await answerRows({ model, batcher, onlooker }, rowsFromTensors(model, inputs), asking));
}

/** The answers of a model of raw columns as its output tensors. */
function outputsOf(scores: Scores): Tensors {
  const { rows, values, classes } = scores;
  if (classes.length === 0) return { value: { datatype: 'FP32', shape: [rows], values } };
  return {
    label: { datatype: 'BYTES', shape: [rows], values: scores.map((row) => scores.label(row)) },
    probabilities: { datatype: 'FP32', shape: [rows, classes.length], values },
  };
}
