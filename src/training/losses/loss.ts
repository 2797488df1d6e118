import type * as tf from '@tensorflow/tfjs-core';
import type { TaskKind } from '../../core/task-kind.js';

/** What a loss may be adjusted by. */
export interface LossOptions {
  /** Part of the probability spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing: number;
}

/**
 * The loss of every row: outputs [members, rows, units] before any activation and targets [members, rows] (a class
 * index, or a standardised value) → [members, rows].
 */
export interface Loss {
  readonly name: string;
  readonly tasks: readonly TaskKind[];
  rows(outputs: tf.Tensor3D, targets: tf.Tensor, options: LossOptions): tf.Tensor2D;
}
