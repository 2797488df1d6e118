import { silentReporter } from '../../core/reporter.js';
import { serveTasks } from '../../search/worker.js';
import { train } from '../train/train.js';
import type { TrialAnswer, TrialQuestion, TrialResult, TrialTask } from './trial-task.js';

/**
 * The script of the processes that trials run in: each task is a training run, which leaves the current run alone and
 * asks after every validation whether to go on. One that is stopped can be gone on with like one that was interrupted.
 */
serveTasks(async (task, { signal, ask }) => {
  const { workspace, options } = task as unknown as TrialTask;
  const stop = new AbortController();
  let isStopped = false;
  signal.addEventListener('abort', () => stop.abort());
  const tell = async (question: TrialQuestion): Promise<void> => {
    const answer = (await ask(question)) as TrialAnswer;
    if (answer !== 'stop') return;
    isStopped = true;
    stop.abort();
  };
  const result = await train(
    options,
    { workspace, reporter: silentReporter, signal: stop.signal },
    {
      keepCurrent: true,
      isStopped: () => isStopped,
      onStart: (run) => tell({ type: 'started', run }),
      onRecord: ({ epoch, validationLoss }) => tell({ type: 'record', epoch, loss: validationLoss }),
    },
  );
  return { run: result.run } satisfies TrialResult;
});
