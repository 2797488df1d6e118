import { csvField } from '../../core/prediction-format.js';
import { answerTensors } from '../answer.js';
import { readExactly } from '../json-body.js';
import type { Serving } from '../model-set.js';
import { badRequest, RequestError } from '../request-error.js';
import type { Call, Reply } from '../route.js';
import type { InputRows, TensorModel } from '../served-model.js';
import { elementWriter, nestedJson } from '../tensors/json.js';
import type { Tensor, Tensors } from '../tensors/tensor.js';
import type { PredictBody } from './predict-body.js';
import type { PredictOptions } from './predict-options.js';
import { modelHeaders, type ReplyFormat } from './predict-reply.js';
import { tensorsFromInputs, tensorsFromInstances } from './tensorflow-serving-tensors.js';
import { columnsFromText } from './text-tensors.js';

export interface TensorsRequest {
  readonly body: PredictBody;
  readonly options: PredictOptions;
  readonly format: ReplyFormat;
}

/**
 * POST /predict for a model whose tensors are its signature: a record has a value of each input, nested as the tensor
 * is behind its first axis; columns have whole tensors. An answer has a value of each output.
 * @throws RequestError 400 when they are not what the model takes, or for options that tensors do not have; 406 for CSV
 * where an output has more than a value a row.
 */
export async function predictTensors(
  serving: Serving,
  model: TensorModel,
  { body, options, format }: TensorsRequest,
  call: Call,
): Promise<Reply> {
  refuseOptions(model, options);
  if (format === 'csv') requireColumns(model);
  const tensors = body.isText
    ? tensorsFromInputs(model, columnsFromText(model, body.rows()))
    : readExactly(
        () => tensorsOf(model, body.rows()),
        () => tensorsOf(model, body.exactRows()),
      );
  const answers = await answerTensors(serving, tensors, call);
  switch (format) {
    case 'json': {
      const about = JSON.stringify({ name: model.name, version: model.version });
      const text = `{"predictions":[${predictions(model, answers).join(',')}],"model":${about}}`;
      return { status: 200, body: text };
    }
    case 'jsonl': {
      const text = predictions(model, answers).map((line) => `${line}\n`);
      const type = 'application/x-ndjson';
      return { status: 200, type, body: text.join(''), headers: modelHeaders(model) };
    }
    case 'csv':
      return { status: 200, type: 'text/csv', body: csvText(model, answers), headers: modelHeaders(model) };
  }
}

/** What shapes the answers of models that aimaas made means nothing here, and is not passed over in silence. */
function refuseOptions({ name }: TensorModel, options: PredictOptions): void {
  const given = (['top', 'threshold', 'fields'] as const).find((option) => options[option] !== undefined);
  if (given === undefined) return;
  throw badRequest(`Model '${name}' answers with its own tensors, which have no "${given}".`, {
    hint: 'Leave out top, threshold and fields.',
  });
}

function requireColumns({ name, outputTensors, batchable }: TensorModel): void {
  const wide = outputTensors.find(({ shape }) => shape.slice(batchable ? 1 : 0).some((size) => size !== 1));
  if (wide === undefined) return;
  throw new RequestError(
    406,
    'UNSUPPORTED_MEDIA_TYPE',
    `Output '${wide.name}' of model '${name}' has shape [${wide.shape.join(',')}], which is no column of a CSV.`,
    { hint: 'Accept application/json or application/x-ndjson.' },
  );
}

function tensorsOf(model: TensorModel, rows: InputRows): Tensors {
  if (rows.form === 'columns') return tensorsFromInputs(model, Object.fromEntries(rows.columns));
  if (rows.form === 'records' && (model.batchable || rows.records.length === 1)) {
    const [first] = rows.records;
    return model.batchable ? tensorsFromInstances(model, rows.records) : tensorsFromInputs(model, first);
  }
  throw badRequest(
    `Model '${model.name}' answers one request of whole tensors at a time, not several records.`,
    {
      hint: 'Send one record, or {"columns": {"INPUT": TENSOR}}.',
    },
  );
}

/** How many answers there are: one for each row, or one of whole tensors. */
function countOf({ outputTensors, batchable }: TensorModel, answers: Tensors): number {
  const [first] = outputTensors;
  return batchable && first !== undefined ? (answers[first.name]?.shape[0] ?? 0) : 1;
}

function predictions(model: TensorModel, answers: Tensors): string[] {
  const writers = model.outputTensors.map(({ name }) => {
    const write = nestedJson(answers[name] as Tensor, model.batchable ? 1 : 0);
    return (row: number) => `${JSON.stringify(name)}:${write(row)}`;
  });
  const count = countOf(model, answers);
  return Array.from({ length: count }, (_, row) => `{${writers.map((write) => write(row)).join(',')}}`);
}

function csvText(model: TensorModel, answers: Tensors): string {
  const { outputTensors } = model;
  const writers = outputTensors.map(({ name }) => elementWriter(answers[name] as Tensor));
  const lines = [outputTensors.map(({ name }) => csvField(name)).join(',')];
  const count = countOf(model, answers);
  for (let row = 0; row < count; row++) lines.push(writers.map((write) => csvCell(write(row))).join(','));
  return lines.map((line) => `${line}\n`).join('');
}

/** An element as JSON as a cell of a CSV. A number stays as it is written: of 64 bits, it is more than a double holds. */
function csvCell(json: string): string {
  if (json.startsWith('"')) return csvField(JSON.parse(json) as string);
  return json === 'null' ? '' : json;
}
