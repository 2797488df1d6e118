import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
import { modelFileError } from './errors.js';

/** Options of Keras that tfjs would pass over in silence, and whether a value of one changes nothing. */
const PASSED_OVER: Readonly<Record<string, (value: Json) => boolean>> = {
  groups: (value) => value === 1,
  rms_scaling: (value) => value === false,
  renorm: (value) => value === false,
  time_major: (value) => value === false,
  lora_rank: (value) => value === null,
};

/** The same of its MultiHeadAttention, whose other options are those of aimaas' layer. */
const ATTENTION: typeof PASSED_OVER = {
  // Of [batch, time, width] there is one axis to attend along.
  attention_axes: (value) => value === null || value === 1 || JSON.stringify(value) === '[1]',
  output_shape: (value) => value === null || outputDim(value) !== undefined,
  bias_initializer: (value) => value === null || /"?zeros"?/i.test(JSON.stringify(value)),
  bias_regularizer: (value) => value === null,
  bias_constraint: (value) => value === null,
  activity_regularizer: (value) => value === null,
};

const isAttention = (layer: JsonObject): boolean => layer['class_name'] === 'MultiHeadAttention';

/** The width of the output that `output_shape` of MultiHeadAttention means, a number or a list of one. */
function outputDim(value: Json | undefined): number | undefined {
  const inner = Array.isArray(value) && value.length === 1 ? (value[0] as Json) : value;
  return typeof inner === 'number' ? inner : undefined;
}

const classOf = ({ class_name: kind }: JsonObject): string => (typeof kind === 'string' ? kind : 'layer');

function nameOf(layer: JsonObject): string {
  const config = layer['config'];
  const name = isJsonObject(config) ? config['name'] : undefined;
  return typeof name === 'string' ? name : classOf(layer);
}

/** @throws AimaasError MODEL_FILE for an option of a layer that would be lost. */
export function checkOptions(file: string, layer: JsonObject): void {
  const config = layer['config'];
  if (!isJsonObject(config)) return;
  const rules = isAttention(layer) ? { ...PASSED_OVER, ...ATTENTION } : PASSED_OVER;
  for (const [option, harmless] of Object.entries(rules)) {
    const value = config[option];
    if (value === undefined || harmless(value)) continue;
    throw modelFileError(
      `The layer "${nameOf(layer)}" of ${file} has ${option} ${JSON.stringify(value)}, which aimaas' ${classOf(layer)} does not know.`,
      `Leave ${option} out in Keras, or write the model as a JavaScript file with a layer of your own: docs/models.md.`,
    );
  }
}

/** What a call of a layer was given: its tensors, as [layer, node, tensor], in their order, and what it was told. */
export interface Call {
  readonly tensors: readonly (readonly Json[])[];
  readonly told: JsonObject;
}

/** Arguments of layers that are tensors, in the order in which tfjs takes them. */
const TENSORS = ['inputs', 'query', 'value', 'key'];

/**
 * A call as tfjs takes it, with arguments that were given by name put in their places.
 * @throws AimaasError MODEL_FILE for an argument that would be lost.
 */
export function calledWith(
  file: string,
  layer: JsonObject,
  call: Call,
  named: ReadonlyMap<string, readonly Json[]>,
): Call {
  const places = TENSORS.flatMap((name) => {
    const tensor = named.get(name);
    return tensor === undefined ? [] : [tensor];
  });
  for (const name of named.keys()) if (!TENSORS.includes(name)) throw lost(file, layer, name, 'a tensor');
  for (const [name, value] of Object.entries(call.told)) {
    const harmless = value === null || (value === false && name !== 'training');
    if (harmless || (name === 'use_causal_mask' && isAttention(layer))) continue;
    throw lost(file, layer, name, JSON.stringify(value));
  }
  return { tensors: [...call.tensors, ...places], told: call.told };
}

function lost(file: string, layer: JsonObject, argument: string, value: string): Error {
  return modelFileError(
    `The layer "${nameOf(layer)}" of ${file} is called with ${argument}=${value}, which a model.json cannot tell tfjs.`,
    argument === 'training'
      ? 'Leave it out: aimaas says itself whether the model is being trained.'
      : `Call the layer without ${argument}, or write the model as a JavaScript file: docs/models.md.`,
  );
}

/** A MultiHeadAttention with what Keras says of it by other names, or when it is called, among its options. */
export function attention(file: string, layer: JsonObject, calls: readonly Call[]): JsonObject {
  const config = layer['config'];
  if (!isAttention(layer) || !isJsonObject(config)) return layer;
  const causal = new Set(calls.map(({ told }) => told['use_causal_mask'] === true));
  if (causal.size > 1) {
    throw modelFileError(
      `The layer "${nameOf(layer)}" of ${file} is called with use_causal_mask=true in one place and without in another.`,
      'Use two layers, or the same in all calls.',
    );
  }
  const width = outputDim(config['output_shape']);
  return {
    ...layer,
    config: {
      ...config,
      ...(width === undefined ? {} : { output_dim: width }),
      ...(causal.has(true) ? { causal: true } : {}),
    },
  };
}
