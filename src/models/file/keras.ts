import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
import { attention, type Call, calledWith, checkOptions } from './keras-options.js';

/**
 * A model topology as Keras 3 writes it (model.to_json()), in the older form that tfjs reads. Topologies in that form
 * come back as they are, but for what tfjs would not understand.
 * @throws AimaasError MODEL_FILE for what would be lost.
 */
export function asTfjsTopology(topology: JsonObject, file: string): JsonObject {
  return plain(topology, file) as JsonObject;
}

/** Fields of Keras 3 that say where a class is from and how it was built, which tfjs has no use for. */
const LEFT_OUT = new Set([
  'module',
  'registered_name',
  'build_config',
  'compile_config',
  'quantization_config',
]);

function plain(value: Json, file: string): Json {
  if (Array.isArray(value)) return listOf(value).map((item) => plain(item, file));
  if (!isJsonObject(value)) return value;
  if (value['class_name'] === 'DTypePolicy') return (value['config'] as JsonObject)['name'] ?? 'float32';
  checkOptions(file, value);
  const calls = listOf(value['inbound_nodes']).map((node) => callOf(file, value, node));
  const entries = Object.entries(attention(file, value, calls)).filter(([key]) => !LEFT_OUT.has(key));
  const object: Record<string, Json> = {};
  for (const [key, item] of entries) {
    if (key === 'batch_shape') object['batch_input_shape'] = item;
    else if (key === 'inbound_nodes') object[key] = calls.map(written);
    else if (key === 'input_layers' || key === 'output_layers') object[key] = references(item);
    else object[key] = plain(item, file);
  }
  return renamed(object);
}

/** Array.isArray does not tell a list from what else Json may be. */
function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** Classes that tfjs knows by another name or in another form. */
function renamed(object: Record<string, Json>): JsonObject {
  const config = object['config'];
  if (!isJsonObject(config)) return object;
  switch (object['class_name']) {
    case 'L1':
      return { class_name: 'L1L2', config: { l1: config['l1'] ?? 0, l2: 0 } };
    case 'L2':
      return { class_name: 'L1L2', config: { l1: 0, l2: config['l2'] ?? 0 } };
    case 'GRU':
      return config['reset_after'] === true ? { ...object, class_name: 'GRUResetAfter' } : object;
    default:
      return object;
  }
}

/** One layer is written without the list around it: ["dense", 0, 0]. */
function references(value: Json): Json {
  return Array.isArray(value) && typeof value[0] === 'string' ? [value] : value;
}

/**
 * What a call of a layer was given: in Keras 3 { args: [tensor or list of tensors], kwargs }, before [[layer, node, tensor,
 * kwargs], …].
 */
function callOf(file: string, layer: JsonObject, node: Json): Call {
  const named = new Map<string, readonly Json[]>();
  const told: Record<string, Json> = {};
  const tell = (kwargs: Json | undefined, tensorOf: (value: Json) => readonly Json[] | undefined): void => {
    for (const [name, value] of Object.entries(isJsonObject(kwargs) ? kwargs : {})) {
      const tensor = tensorOf(value);
      if (tensor === undefined) told[name] = value;
      else named.set(name, tensor);
    }
  };
  if (isJsonObject(node)) {
    tell(node['kwargs'], (value) => tensorsIn(value)[0]);
    return calledWith(file, layer, { tensors: tensorsIn(node['args'] ?? []), told }, named);
  }
  const inputs = (Array.isArray(node) ? node : []) as (readonly Json[])[];
  for (const [, , , kwargs] of inputs) tell(kwargs, oldTensor);
  return calledWith(file, layer, { tensors: inputs.map((input) => input.slice(0, 3)), told }, named);
}

/** A tensor among the kwargs of the older form: ["dense", 0, 0]. */
function oldTensor(value: Json): readonly Json[] | undefined {
  const is =
    Array.isArray(value) &&
    typeof value[0] === 'string' &&
    value.slice(1, 3).every((n) => typeof n === 'number');
  return is && value.length >= 3 ? value.slice(0, 3) : undefined;
}

/** A call as tfjs reads it: [[layer, node, tensor, {}], …]. */
function written({ tensors }: Call): Json {
  return tensors.map((tensor): Json => [...tensor, {}]);
}

function tensorsIn(value: Json): (readonly Json[])[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isJsonObject(value)) return [];
  const history = isJsonObject(value['config']) ? value['config']['keras_history'] : undefined;
  return Array.isArray(history) ? [history] : [];
}
