import { failedLayer } from '../../graph/trace/layer-names.js';
import { withinOrigin } from '../../graph/trace/origins.js';
import { layerError } from './errors.js';

/**
 * Runs code of a model file while it is traced: what it throws, also later when its gradients are taken, names the file and
 * the layer.
 * @param doing what failed where no layer was at work
 */
export function traceOf<T>(file: string, body: () => T, doing?: string): T {
  const explain = (error: unknown, layer: string | undefined): Error => layerError(file, error, layer, doing);
  try {
    return withinOrigin(explain, body);
  } catch (error) {
    throw explain(error, failedLayer(error));
  }
}
