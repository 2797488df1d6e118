import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import type { TaskKind } from '../../core/task-kind.js';
import { LOSS_NAMES, type LossName } from '../../core/training-names.js';
import { crossEntropy, focal } from './classification.js';
import type { Loss } from './loss.js';
import { huber, mae, mse } from './regression.js';

const BY_NAME: Readonly<Record<LossName, Loss>> = { cross_entropy: crossEntropy, focal, mse, mae, huber };

const LOSSES: readonly Loss[] = LOSS_NAMES.map((name) => BY_NAME[name]);

/**
 * The loss of that name for the task; without a name, the task's usual one.
 * @throws AimaasError USAGE when there is none of the name, or it is for other tasks.
 */
export function lossFor(task: TaskKind, name?: string): Loss {
  const fitting = LOSSES.filter((loss) => loss.tasks.includes(task));
  const wanted = name ?? (fitting[0] as Loss).name;
  const loss = fitting.find((candidate) => candidate.name === wanted);
  if (loss !== undefined) return loss;
  const known = didYouMean(
    wanted,
    fitting.map((candidate) => candidate.name),
  );
  throw new AimaasError('USAGE', `The loss "${wanted}" is not one for a ${task} task. ${known}`, {
    hint: `aimaas train --loss ${(fitting[0] as Loss).name}`,
  });
}

/** Whether a name is that of a loss of aimaas, rather than of one that came with a model. */
export function isLossName(name: string): name is LossName {
  return Object.hasOwn(BY_NAME, name);
}
