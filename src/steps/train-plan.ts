import type { TaskKind } from '../core/task-kind.js';
import { evenBatches, stepsOfPart } from '../training/data.js';
import type { TrainingPlan } from '../training/plan.js';
import type { TrainingData } from './train-data.js';
import type { TrainSettings } from './train-options.js';

/** Training rows of the member that has most. */
function rowsLearned({ parts }: TrainingData): number {
  const largest = parts.map((part) => Math.max(...part.members.map((rows) => rows.length)));
  return largest.reduce((sum, rows) => sum + rows, 0);
}

/** The course of a run on this data. */
export function planOf(settings: TrainSettings, training: TrainingData): TrainingPlan {
  const rows = rowsLearned(training);
  const batchSize = settings.exactBatchSize
    ? Math.min(settings.batchSize, rows)
    : evenBatches(rows, settings.batchSize).batchSize;
  const steps = training.parts.reduce((sum, part) => sum + stepsOfPart(part, batchSize), 0);
  return {
    seed: settings.seed,
    epochs: settings.epochs,
    batchSize,
    stepsPerEpoch: steps,
    learningRate: settings.learningRate === 'auto' ? 1e-3 : settings.learningRate,
    warmup: settings.warmup,
    schedule: settings.schedule,
    weightDecay: settings.weightDecay,
    dropout: typeof settings.params.dropout === 'number' ? settings.params.dropout : 0,
    fadeFrom: settings.fadeFrom,
    average: settings.ema,
    evaluateEvery: Math.max(1, Math.floor(settings.epochs / settings.evaluations)),
    patience: settings.patience ?? undefined,
  };
}

/**
 * The factor of ½‖w‖² in the mean loss for a penalty l2 on the summed one. scikit-learn's ridge has ‖w‖² beside the
 * squared errors, its logistic regression ½‖w‖² beside the log losses.
 */
export function penaltyOf(settings: TrainSettings, task: TaskKind, training: TrainingData): number {
  return (settings.l2 * (task === 'regression' ? 2 : 1)) / rowsLearned(training);
}
