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
  readonly beta2: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Networks trained side by side, each validated on a fold it does not see (1: the validation split). */
  readonly members: number;
  /** Times a run is validated, at most once an epoch. */
  readonly evaluations: number;
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
  recipe(params: JsonObject, context: ModelContext): Recipe;
  network(params: JsonObject, context: ModelContext): Network;
}
