import { AimaasError } from '../../core/errors.js';
import { lowerFirst } from '../../core/first-letter.js';
import type { Reporter } from '../../core/reporter.js';
import type { TaskKind } from '../../core/task-kind.js';
import { evenBatches, stepsOfPart } from '../../training/data.js';
import type { TrainingPlan } from '../../training/plan.js';
import type { TrainingData } from './data.js';
import type { TrainSettings } from './options.js';

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
 * Says what will be missing from a run, or not be reached in it.
 * @throws AimaasError USAGE for a patience that could not see an improvement.
 */
export function checkCourse({ data, members }: TrainingData, plan: TrainingPlan, reporter: Reporter): void {
  const held = members.validation.reduce((sum, rows) => sum + rows.length, 0);
  const judged = members.validation.some((rows) => rows.some((row) => (data.weight[row] as number) > 0));
  if (!judged) {
    const why = held === 0 ? 'There are no validation rows' : 'All validation rows have the weight 0';
    if (plan.patience !== undefined) {
      throw new AimaasError(
        'USAGE',
        `--patience is ${plan.patience}, but no improvement can be seen: ${lowerFirst(why)}.`,
        { hint: 'Leave it out, or make validation rows: aimaas preprocess --split 0.7,0.15,0.15' },
      );
    }
    reporter.warn(
      `${why}: the weights of the last epoch are kept, whether or not they are the best.`,
      'aimaas preprocess --split 0.7,0.15,0.15',
    );
  }
  const steps = plan.epochs * plan.stepsPerEpoch;
  if (plan.warmup >= steps) {
    reporter.warn(
      `The warm-up of ${plan.warmup} steps does not end: the run has ${steps}, and the learning rate rises in all of them.`,
      `aimaas train --warmup ${Math.floor(steps / 10)}`,
    );
  }
}

/**
 * The factor of ½‖w‖² in the mean loss for a penalty l2 on the summed one. scikit-learn's ridge has ‖w‖² beside the
 * squared errors, its logistic regression ½‖w‖² beside the log losses.
 */
export function penaltyOf(settings: TrainSettings, task: TaskKind, training: TrainingData): number {
  return (settings.l2 * (task === 'regression' ? 2 : 1)) / rowsLearned(training);
}
