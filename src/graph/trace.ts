import type { DType } from '../core/tensor.js';
import { AimaasError } from '../core/errors.js';
import type { Graph } from './graph.js';
import { withRecurrentLoops } from './composites/recurrent.js';
import { activeTracer, withTracer } from './trace/active.js';
import { registerTraceBackend, TRACE_BACKEND } from './trace/backend.js';
import { withExplainedGradients } from './trace/gradient-errors.js';
import { withLayerNames } from './trace/layer-names.js';
import { withProperties } from './trace/patch.js';
import { withSubstitutions } from './trace/substitutions.js';
import { tf, withBackend } from './trace/tensorflow.js';
import { Tracer } from './trace/tracer.js';

export interface TracedInput {
  readonly shape: readonly number[];
  readonly dtype?: DType;
}

export type TracedTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Runs `build` once on tensors without values and returns what it computes as a graph. Inside, tfjs operations,
 * gradients (tf.grads, tf.variableGrads) and tf.layers work as usual; tensors made before the call become constants,
 * and random numbers (tf.dropout, tf.randomUniform, noise layers) are drawn anew whenever the graph runs (random-op.ts).
 * The previous backend is restored and no tensor is left behind.
 *
 * Throws UNSUPPORTED where `build` reads values, or uses an operation that a graph cannot hold.
 */
export function trace(
  build: (inputs: Record<string, tf.Tensor>) => TracedTensors,
  inputs: Readonly<Record<string, TracedInput>>,
): Graph {
  registerTraceBackend();
  const tracer = new Tracer();
  return withBackend(TRACE_BACKEND, () =>
    withTracer(tracer, () =>
      guardVariables(tracer, () =>
        withSubstitutions(() =>
          withLayerNames(tracer, () =>
            withExplainedGradients(activeTracer, () =>
              withRecurrentLoops(() => record(tracer, build, inputs)),
            ),
          ),
        ),
      ),
    ),
  );
}

function record(
  tracer: Tracer,
  build: (inputs: Record<string, tf.Tensor>) => TracedTensors,
  inputs: Readonly<Record<string, TracedInput>>,
): Graph {
  tf.tidy(() => {
    const tensors: Record<string, tf.Tensor> = {};
    for (const [name, { shape, dtype }] of Object.entries(inputs)) {
      tensors[name] = tracer.tensor(tracer.builder.input(name, shape, dtype));
    }
    try {
      for (const [name, tensor] of Object.entries(build(tensors))) {
        tracer.builder.output(name, tracer.valueOf(tensor));
      }
    } finally {
      tracer.disposeKept();
    }
  });
  return tracer.build();
}

/** Inside `trace`: lets a tensor that is made inside a tidy() be used after it, until the trace ends. */
export function keep<T extends tf.Tensor>(tensor: T): T {
  return activeTracer().keep(tensor);
}

/** Keeps a traced value from being assigned to a variable that holds real data, which would be lost. */
function guardVariables<T>(tracer: Tracer, body: () => T): T {
  const prototype = tf.Variable.prototype;
  // Called with the variable as `this`, below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const original = prototype.assign;
  const assign = function (this: tf.Variable, value: tf.Tensor): void {
    if (!tracer.owns(this.dataId)) {
      throw new AimaasError(
        'UNSUPPORTED',
        `The weight "${this.name}" was changed while the model was being compiled without being part of its state.`,
        { hint: 'Bind every weight that the model changes (see bind-weights.ts).' },
      );
    }
    original.call(this, value);
  };
  return withProperties(prototype, { assign }, body);
}
