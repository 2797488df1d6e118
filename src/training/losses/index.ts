import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';
import type { TaskKind } from '../../core/task-kind.js';
import { crossEntropy, focal } from './classification.js';
import type { Loss } from './loss.js';
import { huber, mae, mse } from './regression.js';

const LOSSES: readonly Loss[] = [crossEntropy, focal, mse, mae, huber];

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
