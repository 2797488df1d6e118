import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import { withWeights } from '../../graph/bind-weights.js';
import type { Constraint, Network, Scope } from '../scope.js';
import { traceOf } from './tracing.js';
import type { ModelHead } from './head.js';
import { modelFileError } from './errors.js';
import { memberOf } from './members.js';
import { type NamedWeight, namedWeights } from './names.js';
import { penaltiesOf } from './penalties.js';
import { withoutRandom } from './seeded.js';

/**
 * First values of a model's weights, in the order of `namedWeights`, and the model is disposed of.
 * @throws AimaasError MODEL_FILE naming a weight that begins with NaN or infinity, from which nothing can be learned.
 */
export function takeValues(file: string, model: tfl.LayersModel): Float32Array[] {
  const values = namedWeights(model).map(({ name, variable }) => {
    const own = Float32Array.from(variable.read().dataSync());
    const bad = own.find((value) => !Number.isFinite(value));
    if (bad === undefined) return own;
    throw modelFileError(
      `The weight "${name}" of ${file} has the first value ${bad}; expected numbers that are finite.`,
      'Look at the initializer of the layer, or at the weights that the file came with.',
    );
  });
  model.dispose();
  return values;
}

/**
 * A tf.layers model as a network of several members: every member has weights of its own, and the model is applied to
 * each in turn.
 * @param initial first values by member and weight
 */
export function layersNetwork(
  file: string,
  model: tfl.LayersModel,
  initial: readonly (readonly Float32Array[])[],
  head: ModelHead,
): Network {
  const weights = namedWeights(model);
  return (scope, features) => {
    const stacks = weights.map((weight, index) =>
      scope.weight(weight.name, [scope.members, ...weight.shape], {
        initial: () =>
          tf.stack(initial.map((values) => tf.tensor(values[index] as Float32Array, [...weight.shape]))),
        trainable: weight.trainable,
        // Kernels and embeddings decay; biases and the gains of normalisation do not.
        decay: weight.trainable && weight.shape.length > 1,
        constraint: constraintOf(file, weight),
      }),
    );
    const applied = Array.from({ length: scope.members }, (_, member) => {
      const own = stacks.map((stack) => memberOf(stack, member));
      return applyMember(file, model, weights, own, rowsOf(features, member, model), scope, head);
    });
    weights.forEach(({ name, trainable }, index) => {
      if (!trainable && scope.training) {
        scope.update(name, tf.stack(applied.map(({ after }) => after[index] as tf.Tensor)));
      }
    });
    for (const { losses } of applied) for (const loss of losses) scope.addLoss(loss);
    return tf.stack(applied.map(({ outputs }) => outputs)) as tf.Tensor3D;
  };
}

/** The rows of a member in the shape the model takes: [rows, ...]. */
function rowsOf(features: tf.Tensor3D, member: number, model: tfl.LayersModel): tf.Tensor {
  // Where all members see the same rows, there is one matrix for all of them.
  const own = memberOf(features, Math.min(member, features.shape[0] - 1));
  return tf.reshape(own, [features.shape[1], ...(model.inputs[0]?.shape.slice(1) as number[])]);
}

interface Applied {
  readonly outputs: tf.Tensor2D;
  readonly losses: readonly tf.Tensor[];
  /** What the weights are after it. */
  readonly after: readonly tf.Tensor[];
}

function applyMember(
  file: string,
  model: tfl.LayersModel,
  weights: readonly NamedWeight[],
  values: readonly tf.Tensor[],
  rows: tf.Tensor,
  scope: Scope,
  head: ModelHead,
): Applied {
  const bindings = weights.map(({ variable }, index) => [variable, values[index] as tf.Tensor] as const);
  return withWeights(bindings, (bound) =>
    traceOf(file, () => {
      const run = (): tf.Tensor =>
        withoutRandom(() => model.apply(rows, { training: scope.training }) as tf.Tensor);
      return {
        outputs: head.apply(model, run),
        losses: scope.training ? penaltiesOf(model) : [],
        after: weights.map((_, index) => bound.current(index)),
      };
    }),
  );
}

/** A layer's constraint for the weights of all members; tfjs has them for one. */
function constraintOf(file: string, { name, variable }: NamedWeight): Constraint | undefined {
  const { constraint } = variable;
  // tfjs has null here, whatever its types say.
  if ((constraint as typeof constraint | null) == null) return undefined;
  return (stack) =>
    traceOf(
      file,
      () =>
        tf.stack(
          Array.from({ length: stack.shape[0] }, (_, member) => constraint.apply(memberOf(stack, member))),
        ),
      `has a constraint of "${name}" that failed`,
    );
}
