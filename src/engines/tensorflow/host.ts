/**
 * The process that has TensorFlow: its library writes to stderr as it likes, takes long to do a step and may take the
 * process with it when it fails, none of which the process that talks to the user should do.
 *
 * Started with the path of the addon; ends with the process that started it.
 */
import type { TensorData, TensorValues } from '../../core/tensor.js';
import { type Binding, createTensor, loadBinding, takeTensor } from './binding.js';
import type { Answers, Crossing, Fed, NumberedRequest, Reply, Request } from './messages.js';

const uploads = new Map<number, Uint8Array>();

let binding: Binding | undefined;

function tensorflow(): Binding {
  binding ??= loadBinding(process.argv[2] ?? '');
  return binding;
}

function wholeTensor(fed: Fed): TensorData | Crossing {
  if (!('upload' in fed)) return fed;
  const { upload, dtype, shape } = fed;
  const bytes = uploads.get(upload);
  if (bytes === undefined) throw new Error(`Nothing was uploaded as ${upload}.`);
  uploads.delete(upload);
  const Values = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array }[
    dtype as 'float32' | 'int32' | 'int64' | 'bool'
  ];
  const data: TensorValues = new Values(bytes.buffer as ArrayBuffer);
  return { dtype, shape, data };
}

function run({ model, feeds, fetches }: Extract<Request, { ask: 'run' }>): Crossing[] {
  const tf = tensorflow();
  const made: number[] = [];
  try {
    for (const fed of Object.values(feeds)) made.push(createTensor(tf, wholeTensor(fed)));
    const results = tf.runSavedModel(model, made, Object.keys(feeds).join(','), fetches.join(','));
    return results.map((result) => takeTensor(tf, result));
  } finally {
    for (const id of made) tf.deleteTensor(id);
  }
}

function answer(request: Request): Answers[keyof Answers] {
  switch (request.ask) {
    case 'describe':
      return { version: tensorflow().TF_Version, gpu: tensorflow().isUsingGpuDevice() };
    case 'open':
      return tensorflow().loadSavedModel(request.folder, 'serve');
    case 'upload': {
      const whole = uploads.get(request.key) ?? new Uint8Array(request.size);
      whole.set(request.bytes, request.offset);
      uploads.set(request.key, whole);
      return null;
    }
    case 'run':
      return run(request);
    case 'close':
      tensorflow().deleteSavedModel(request.model);
      return null;
  }
}

function reply(message: Reply): void {
  process.send?.(message);
}

process.on('message', (request: NumberedRequest) => {
  try {
    reply({ id: request.id, answer: answer(request) });
  } catch (error) {
    reply({ id: request.id, error: error instanceof Error ? error.message : String(error) });
  }
});

// An interrupt is for the process that started this one, which finishes its step before it ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Nothing is left to be done then, and TensorFlow's threads must not hold up the end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
