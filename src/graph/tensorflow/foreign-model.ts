import { readEntry, readMessage, readTensorInfo } from './reading.js';
import type { Signature, TensorInfo } from './types.js';
import { INITIALIZER, SERVE, SERVING_DEFAULT } from './proto.js';

/** Signatures that are no functions of the model: what runs at load, and what training adds. */
const INTERNAL = new Set([INITIALIZER, '__saved_model_train_op']);

/** The signature of a SavedModel that is served, and its name. */
export interface ForeignSignature extends Signature {
  readonly name: string;
}

/**
 * The signature that clients mean when they name none, in a saved_model.pb that someone else made: `serving_default` of
 * the graph tagged `serve`, or the only one where none is called so. The graph itself is left unread.
 * @throws Error saying what the file lacks.
 */
export function readForeignSignature(bytes: Uint8Array): ForeignSignature {
  const graphs: Uint8Array[] = [];
  readMessage(bytes, { 2: (reader) => graphs.push(reader.bytes()) });
  if (graphs.length === 0) throw new Error('it holds no graph.');
  const served = graphs.find(isServed);
  if (served === undefined) {
    throw new Error(`it has no graph tagged "${SERVE}", but ${graphs.map(tagsText).join(' and ')}.`);
  }
  const signatures = new Map<string, Uint8Array>();
  readMessage(served, {
    5: (reader) => {
      const { key, value } = readEntry(reader.bytes());
      if (!INTERNAL.has(key)) signatures.set(key, value);
    },
  });
  const names = [...signatures.keys()];
  const name = signatures.has(SERVING_DEFAULT) ? SERVING_DEFAULT : names[0];
  if (name === undefined) throw new Error('it has no signature.');
  if (name !== SERVING_DEFAULT && names.length > 1) {
    throw new Error(`none of its signatures (${names.join(', ')}) is called ${SERVING_DEFAULT}.`);
  }
  return { name, ...readSignature(signatures.get(name) as Uint8Array) };
}

/** Whether a graph of a SavedModel is the one that TensorFlow loads for `serve`. */
export function isServed(metaGraph: Uint8Array): boolean {
  return tagsOf(metaGraph).join() === SERVE;
}

function tagsOf(metaGraph: Uint8Array): string[] {
  const tags: string[] = [];
  readMessage(metaGraph, {
    1: (reader) => readMessage(reader.bytes(), { 4: (info) => tags.push(info.string()) }),
  });
  return tags;
}

function tagsText(metaGraph: Uint8Array): string {
  const tags = tagsOf(metaGraph);
  return tags.length === 0 ? 'one without tags' : `"${tags.join(', ')}"`;
}

/** Inputs and outputs by name: the file has them in an order that means nothing and differs from save to save. */
function readSignature(bytes: Uint8Array): Signature {
  const inputs: [string, TensorInfo][] = [];
  const outputs: [string, TensorInfo][] = [];
  const into = (infos: [string, TensorInfo][], entry: Uint8Array): void => {
    const { key, value } = readEntry(entry);
    infos.push([key, readTensorInfo(value)]);
  };
  readMessage(bytes, {
    1: (reader) => into(inputs, reader.bytes()),
    2: (reader) => into(outputs, reader.bytes()),
  });
  const sorted = (infos: [string, TensorInfo][]): Record<string, TensorInfo> =>
    Object.fromEntries(infos.sort(([one], [other]) => (one < other ? -1 : 1)));
  return { inputs: sorted(inputs), outputs: sorted(outputs) };
}
