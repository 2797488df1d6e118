import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';

/**
 * A model topology as Keras 3 writes it (model.to_json()), in the older form that tfjs reads. Topologies in that form
 * already come back as they are.
 */
export function asTfjsTopology(topology: JsonObject): JsonObject {
  return plain(topology) as JsonObject;
}

/** Fields of Keras 3 that say where a class is from and how it was built, which tfjs has no use for. */
const LEFT_OUT = new Set([
  'module',
  'registered_name',
  'build_config',
  'compile_config',
  'quantization_config',
]);

function plain(value: Json): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (!isJsonObject(value)) return value;
  if (value['class_name'] === 'DTypePolicy') return (value['config'] as JsonObject)['name'] ?? 'float32';
  const entries = Object.entries(value).filter(([key]) => !LEFT_OUT.has(key));
  const object: Record<string, Json> = {};
  for (const [key, item] of entries) {
    if (key === 'batch_shape') object['batch_input_shape'] = item;
    else if (key === 'inbound_nodes') object[key] = inboundNodes(item);
    else if (key === 'input_layers' || key === 'output_layers') object[key] = references(item);
    else object[key] = plain(item);
  }
  return renamed(object);
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
 * [{ args: [tensor or list of tensors], kwargs }] as [[[layer, node, tensor, kwargs], …]]: what a call of a layer was
 * given.
 */
function inboundNodes(value: Json): Json {
  if (!Array.isArray(value)) return value;
  return value.map((node: Json): Json => {
    if (!isJsonObject(node) || !Array.isArray(node['args'])) return node;
    return tensorsIn(node['args']).map((history): Json => [...history, {}]);
  });
}

function tensorsIn(value: Json): (readonly Json[])[] {
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  if (!isJsonObject(value)) return [];
  const history = isJsonObject(value['config']) ? value['config']['keras_history'] : undefined;
  return Array.isArray(history) ? [history] : [];
}
