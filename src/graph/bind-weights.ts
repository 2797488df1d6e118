import { activeTracer } from './trace/active.js';
import { tf } from './trace/tensorflow.js';

/** A weight of a tf.layers model (LayerVariable), as layers use it. */
export interface LayerWeight {
  readonly name: string;
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

export interface BoundWeights {
  /** The value of the i-th weight now, after whatever the model wrote to it. */
  current(index: number): tf.Tensor;
}

/**
 * Inside `trace`: lets the weights of a tf.layers model hold the given tensors while `body` runs, which makes whatever
 * the model does a differentiable function of them. What a layer writes to a weight (the moving statistics of batch
 * normalization) is read with `current`; the weights' own values stay as they are. A weight that is not bound is a
 * constant, and writing to it fails.
 *
 * @throws RangeError when a value has another shape than its weight.
 */
export function withWeights<T>(
  bindings: readonly (readonly [weight: LayerWeight, value: tf.Tensor])[],
  body: (bound: BoundWeights) => T,
): T {
  const tracer = activeTracer();
  const values = bindings.map(([weight, value]) => {
    checkShape(weight, value);
    return value;
  });
  bindings.forEach(([weight], index) => {
    const read = (): tf.Tensor => values[index] as tf.Tensor;
    const write = (next: tf.Tensor): LayerWeight => {
      checkShape(weight, next);
      // Layers write inside tf.tidy(), and the value is read after it.
      values[index] = tracer.keep(next);
      return weight;
    };
    // Own properties hide the methods of LayerVariable, which would copy the value into a variable that gradients do not reach.
    Object.defineProperties(weight, {
      read: { value: read, configurable: true },
      write: { value: write, configurable: true },
    });
  });
  try {
    return body({
      current: (index) => {
        const value = values[index];
        if (value === undefined) throw new RangeError(`There is no weight ${index}.`);
        return value;
      },
    });
  } finally {
    for (const [weight] of bindings) {
      Reflect.deleteProperty(weight, 'read');
      Reflect.deleteProperty(weight, 'write');
    }
  }
}

function checkShape(weight: LayerWeight, value: tf.Tensor): void {
  const { shape } = weight.read();
  if (tf.util.arraysEqual(shape, value.shape)) return;
  throw new RangeError(
    `Weight "${weight.name}" has shape [${shape.join(', ')}], its value [${value.shape.join(', ')}].`,
  );
}
