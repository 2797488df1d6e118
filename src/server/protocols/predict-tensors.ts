import { answerTensors } from '../answer.js';
import type { Serving } from '../model-set.js';
import { badRequest } from '../request-error.js';
import type { Call, Reply } from '../route.js';
import type { InputRows, TensorModel } from '../served-model.js';
import { nestedJson } from '../tensors/json.js';
import type { Tensor, Tensors } from '../tensors/tensor.js';
import { tensorsFromInputs, tensorsFromInstances } from './tensorflow-serving-tensors.js';

/**
 * POST /predict for a model whose tensors are its signature: a record has a value of each input, nested as the tensor
 * is behind its first axis; columns have whole tensors. An answer has a value of each output.
 * @throws RequestError 400 when they are not what the model takes.
 */
export async function predictTensors(
  model: TensorModel,
  serving: Serving,
  rows: InputRows,
  call: Call,
): Promise<Reply> {
  const answers = await answerTensors(serving, tensorsOf(model, rows), call);
  const about = JSON.stringify({ name: model.name, version: model.version });
  return { status: 200, body: `{"predictions":[${predictions(model, answers).join(',')}],"model":${about}}` };
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

function predictions({ outputTensors, batchable }: TensorModel, answers: Tensors): string[] {
  const writers = outputTensors.map(({ name }) => {
    const write = nestedJson(answers[name] as Tensor, batchable ? 1 : 0);
    return (row: number) => `${JSON.stringify(name)}:${write(row)}`;
  });
  const [first] = outputTensors;
  const count = batchable && first !== undefined ? (answers[first.name]?.shape[0] ?? 0) : 1;
  return Array.from({ length: count }, (_, row) => `{${writers.map((write) => write(row)).join(',')}}`);
}
