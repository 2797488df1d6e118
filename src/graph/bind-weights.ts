import { activeTracer } from './trace/backend.js';
import { tf } from './trace/tensorflow.js';

/** A weight of a model: tfjs-layers' LayerVariable, or a tf.Variable. */
export type Weight = tf.Variable | { read(): tf.Tensor };

/** The tf.Variable behind a weight: what tf.variableGrads takes. */
export function variableOf(weight: Weight): tf.Variable {
  const value: unknown = 'read' in weight ? weight.read() : weight;
  if (!isVariable(value)) throw new TypeError('A weight must hold a tf.Variable.');
  return value;
}

function isVariable(value: unknown): value is tf.Variable {
  return value instanceof tf.Variable;
}

export interface BoundWeights {
  /** The variables of the weights in order, now holding traced values: give them to tf.variableGrads. */
  readonly variables: tf.Variable[];
  /** The value of the i-th weight now, after whatever the model wrote to it. */
  current(index: number): tf.Tensor;
}

/**
 * Inside `trace`: lets a model's weights hold traced tensors while `body` runs, which makes whatever the model does a
 * function of them, and puts their own values back afterwards. What a layer writes to a weight (moving statistics in
 * batch normalization) is read with `current`. Weights that are not bound stay constants, and writing to them fails.
 */
export function withWeights<T>(
  bindings: readonly (readonly [weight: Weight, value: tf.Tensor])[],
  body: (bound: BoundWeights) => T,
): T {
  const tracer = activeTracer();
  const variables = bindings.map(([weight]) => variableOf(weight));
  bindings.forEach(([, value], i) => {
    const variable = variables[i];
    if (variable !== undefined && !tf.util.arraysEqual(variable.shape, value.shape)) {
      throw new RangeError(
        `Weight "${variable.name}" has shape [${variable.shape.join(', ')}], its value [${value.shape.join(', ')}].`,
      );
    }
  });
  const originals = variables.map((variable) => variable.dataId);
  bindings.forEach(([, value], i) => {
    const variable = variables[i];
    if (variable === undefined) return;
    // A handle of the variable's own, as its data is released when the model assigns to it.
    variable.dataId = tracer.handle(tracer.valueOf(value)).dataId;
    tf.engine().state.tensorInfo.set(variable.dataId, {
      backend: tf.backend(),
      dtype: value.dtype,
      shape: value.shape,
      bytes: value.size * tf.util.bytesPerElement(value.dtype),
    });
  });
  try {
    return body({
      variables,
      current: (index) => {
        const variable = variables[index];
        if (variable === undefined) throw new RangeError(`There is no weight ${index}.`);
        return tracer.tensor(tracer.valueOf(variable));
      },
    });
  } finally {
    variables.forEach((variable, i) => {
      tracer.release(variable.dataId, false);
      variable.dataId = originals[i] ?? variable.dataId;
    });
  }
}
