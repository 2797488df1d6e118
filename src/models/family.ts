import type * as tf from '@tensorflow/tfjs-core';
import type { JsonObject } from '../core/json.js';
import type { FeatureColumn, FeatureLayout } from '../core/layout.js';
import type { TaskKind } from '../core/task-kind.js';
import type { Network } from './scope.js';

/** What a family knows of the data when it chooses its defaults. */
export interface ModelContext {
  readonly task: TaskKind;
  readonly layout: FeatureLayout;
  /** Rows to train on (train and validation split together). */
  readonly rows: number;
  /** Units of the output: classes, or 1. */
  readonly outputs: number;
}

/** How a family is trained unless the user says otherwise. */
export type Recipe = {
  readonly optimizer: string;
  readonly learningRate: number;
  readonly schedule: string;
  readonly weightDecay: number;
  /** Fraction of the run after which weight decay and dropout fade to zero along a cosine; 1 keeps them. */
  readonly fadeFrom: number;
  /** Penalty ½·l2·‖weights‖² over the whole training set, as in ridge and logistic regression; 0 for none. */
  readonly l2: number;
  readonly labelSmoothing: number;
  /** What the optimizer is adjusted by, where that is not what is usual for it. */
  readonly adjusted: OptimizerAdjustments;
  readonly epochs: number;
  readonly batchSize: number;
  /** Networks trained side by side, each validated on a fold it does not see (1: the validation split). */
  readonly members: number;
  /** Times a run is validated, at most once an epoch. */
  readonly evaluations: number;
  /** What is made small, where that is not the usual loss of the task: the name of a loss, or one of the model's own. */
  readonly loss?: string | OwnLoss;
};

/** A loss that came with a model: outputs [members, rows, units] and targets [members, rows] → [members, rows]. */
export interface OwnLoss {
  readonly name: string;
  rows(outputs: tf.Tensor3D, targets: tf.Tensor): tf.Tensor2D;
}

export type OptimizerAdjustments = {
  readonly momentum?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly rho?: number;
  readonly epsilon?: number;
};

/**
 * One tunable number or choice of a family, for `optimize` and for checking what the user gives. `needs` is the role of
 * a column without which the parameter changes nothing.
 */
export type ParameterSpec =
  | {
      readonly type: 'integer' | 'number';
      readonly description: string;
      readonly minimum: number;
      readonly maximum: number;
      readonly log?: boolean;
      /** The range worth searching, where that is not all that is allowed. */
      readonly searched?: { readonly minimum: number; readonly maximum: number };
      readonly needs?: FeatureColumn['role'];
    }
  | {
      readonly type: 'choice';
      readonly description: string;
      readonly choices: readonly (string | number)[];
      readonly needs?: FeatureColumn['role'];
    }
  | {
      readonly type: 'units';
      readonly description: string;
      readonly choices: readonly (readonly number[])[];
      readonly needs?: FeatureColumn['role'];
    };

/** A kind of model: what its parameters are, how it is trained, and the network itself. */
export interface ModelFamily {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Parameters with every default filled in from the data. Unknown and invalid ones have been refused before. */
  resolve(given: JsonObject, context: ModelContext): JsonObject;
  /**
   * Whether answers may lie beyond the training range of a number that is predicted; else they are kept within it.
   */
  readonly extrapolates: boolean;
  /**
   * Whether, in training, the network gives a row what depends on the other rows of its batch too, as batch normalisation
   * does: a short last batch is then trained on at its own size.
   */
  mixesRows(params: JsonObject): boolean;
  recipe(params: JsonObject, context: ModelContext): Recipe | Promise<Recipe>;
  network(params: JsonObject, context: ModelContext, start: NetworkStart): Network | Promise<Network>;
}

/** What the first weights of a network depend on besides its parameters, where they are made before it is run. */
export interface NetworkStart {
  readonly members: number;
  readonly seed: number;
}
