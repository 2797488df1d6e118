import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { TaskKind } from '../../core/task-kind.js';
import type { OptimizerName } from '../../core/training-names.js';
import type { ModelContext, OptimizerAdjustments, OwnLoss } from '../family.js';
import { modelFileError } from './errors.js';
import type { ModelHead } from './head.js';
import { memberOf } from './members.js';
import { traceOf } from './tracing.js';

/** What a model was compiled with: model.compile({ optimizer, loss }) of tf.layers. */
export interface Compiled {
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly adjusted: OptimizerAdjustments;
}

type Config = Readonly<Record<string, number | boolean | undefined>>;

/** The optimizer of a compiled model; undefined where it was not compiled. */
export function compiledOptimizer(file: string, model: tfl.LayersModel): Compiled | undefined {
  const optimizer = (model as { optimizer?: tf.Optimizer | null }).optimizer;
  if (optimizer == null) return undefined;
  const config = optimizer.getConfig() as Config;
  const numbers = (...names: (keyof OptimizerAdjustments)[]): OptimizerAdjustments =>
    Object.fromEntries(
      names.flatMap((name) => (typeof config[name] === 'number' ? [[name, config[name]]] : [])),
    );
  const learningRate = Number(config['learningRate']);
  switch (optimizer.getClassName()) {
    case 'SGD':
      return { optimizer: 'sgd', learningRate, adjusted: {} };
    case 'Momentum':
      return {
        optimizer: config['useNesterov'] === true ? 'nesterov' : 'momentum',
        learningRate,
        adjusted: numbers('momentum'),
      };
    case 'Adagrad':
      return { optimizer: 'adagrad', learningRate, adjusted: {} };
    case 'Adadelta':
      return { optimizer: 'adadelta', learningRate, adjusted: numbers('rho', 'epsilon') };
    case 'RMSProp': {
      if (config['momentum'] !== 0) {
        throw modelFileError(
          `The model of ${file} is compiled with tf.train.rmsprop of momentum ${String(config['momentum'])}, which is not supported.`,
          'Use tf.train.rmsprop(learningRate, decay) without a momentum.',
        );
      }
      const rho = Number(config['decay']);
      const name = config['centered'] === true ? 'centered_rmsprop' : 'rmsprop';
      return { optimizer: name, learningRate, adjusted: { rho, ...numbers('epsilon') } };
    }
    case 'Adam':
      return { optimizer: 'adam', learningRate, adjusted: numbers('beta1', 'beta2', 'epsilon') };
    case 'Adamax':
      return { optimizer: 'adamax', learningRate, adjusted: numbers('beta1', 'beta2', 'epsilon') };
    default:
      throw modelFileError(
        `The model of ${file} is compiled with the optimizer ${optimizer.getClassName()}, which is not supported.`,
        'Use one of tf.train: sgd, momentum, adagrad, adadelta, rmsprop, adam, adamax; or aimaas train --optimizer.',
      );
  }
}

/** tfjs' names of losses that aimaas has itself, computed from logits. */
const EQUAL: Readonly<Partial<Record<string, readonly [TaskKind | 'classes', string]>>> = {
  categoricalCrossentropy: ['classes', 'cross_entropy'],
  sparseCategoricalCrossentropy: ['classes', 'cross_entropy'],
  meanSquaredError: ['regression', 'mse'],
  meanAbsoluteError: ['regression', 'mae'],
};

type LossFunction = (truth: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;

/**
 * The loss of a compiled model: the name of one of aimaas' own, or a loss made of its function. A function is given what
 * tf.layers gives it: one-hot classes (0 or 1 for a single unit) or standardised numbers, [rows, units], and the model's answers.
 */
export function compiledLoss(
  file: string,
  model: tfl.LayersModel,
  context: ModelContext,
  head: ModelHead,
): string | OwnLoss | undefined {
  // A sequential model compiles the functional one inside it.
  const inner = (model as { model?: tfl.LayersModel | null }).model ?? model;
  const { loss, lossFunctions } = inner as { loss?: unknown; lossFunctions?: LossFunction[] | null };
  const [compute] = lossFunctions ?? [];
  if (compute === undefined) return undefined;
  const asked = Array.isArray(loss) ? (loss as unknown[])[0] : loss;
  const single = model.outputs[0]?.shape[1] === 1;
  if (typeof asked === 'string') {
    const name = asked.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const [task, own] = EQUAL[name] ?? [];
    const kind = context.task === 'regression' ? 'regression' : 'classes';
    if (own !== undefined && task === kind) return own;
    if (name === 'binaryCrossentropy' && kind === 'classes' && single) return 'cross_entropy';
  }
  return {
    name: typeof asked === 'string' ? asked : compute.name === '' ? 'custom' : compute.name,
    rows: (outputs, targets) => lossOfRows(file, compute, outputs, truthOf(targets, context, single), head),
  };
}

/** [members, rows] of class indices or numbers as [members, rows, units of the model]. */
function truthOf(targets: tf.Tensor, { task, outputs }: ModelContext, single: boolean): tf.Tensor {
  if (task === 'regression' || single) return tf.expandDims(targets, 2);
  return tf.cast(tf.oneHot(tf.cast(targets, 'int32'), outputs), 'float32');
}

/** The losses of rows, [members, rows]. */
function lossOfRows(
  file: string,
  compute: LossFunction,
  outputs: tf.Tensor3D,
  truth: tf.Tensor,
  head: ModelHead,
): tf.Tensor2D {
  const [count, rows] = outputs.shape;
  const members = Array.from({ length: count }, (_, member) => {
    const answers = head.answers(memberOf(outputs, member) as tf.Tensor2D);
    const losses = traceOf(
      file,
      () => compute(memberOf(truth, member), answers),
      'is compiled with a loss that failed',
    );
    if (losses.shape[0] !== rows) {
      throw modelFileError(
        `The loss that the model of ${file} is compiled with gives [${losses.shape.join(', ')}] for ${rows} rows; expected one number a row, [${rows}].`,
        'Take means over the last axis only: tf.mean(loss, -1). Rows are weighted and averaged by aimaas.',
      );
    }
    return losses.shape.length === 1 ? losses : tf.mean(tf.reshape(losses, [rows, -1]), 1);
  });
  return tf.stack(members) as tf.Tensor2D;
}
