import { join } from 'node:path';
import type { RunContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { readProgress } from '../training/checkpoint.js';
import { isLocked } from '../workspace/lock.js';
import type { Manifest } from '../workspace/manifest.js';
import type { Workspace } from '../workspace/workspace.js';

type Run = Manifest<RunContent>;

/**
 * A run as it stands now: of one that is being trained, how far it has come; one whose process is gone, which could not
 * write so any more, is interrupted.
 */
export async function asItStands(workspace: Workspace, run: Run): Promise<Run> {
  if (run.content.state !== 'training') return run;
  const isRunning = await isLocked(workspace.lockPath('run', run.id));
  // It may have ended in between.
  const { content, ...rest } =
    (isRunning ? undefined : await workspace.read<RunContent>('run', run.id)) ?? run;
  if (content.state !== 'training') return { ...rest, content };
  const progress = await readProgress(join(workspace.folder('run', run.id), 'checkpoints'));
  return {
    ...rest,
    content: {
      ...content,
      state: isRunning ? 'training' : 'interrupted',
      epochs: progress?.history.at(-1)?.epoch ?? content.epochs,
      seconds: progress?.seconds ?? content.seconds,
    },
  };
}

/** What to run for a run that did not come to its end. */
export function wayOn({ id, content }: Run): string {
  const others = 'or name another run: aimaas runs list';
  if (content.state === 'training') return `Wait for it, ${others}`;
  if (content.failure !== 'TRAINING_DIVERGED') return `aimaas train --resume ${id}`;
  const { optimizer, learningRate } = content.options;
  const smaller = typeof learningRate === 'number' ? smallerRate(learningRate) : 'auto';
  return `aimaas train --model ${content.model.family} --optimizer ${optimizer as string} --learning-rate ${smaller} --clip-norm 1, ${others}`;
}

/** A learning rate to try after one whose losses ran away. */
export function smallerRate(learningRate: number): string {
  // A tenth of what is far off is still far off.
  return learningRate > 1 ? 'auto' : String(Number((learningRate / 10).toPrecision(2)));
}

/**
 * The run that --resume means without an id: the last that was cut off, and is no trial of a search.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is none.
 */
export async function lastInterrupted(workspace: Workspace): Promise<Run> {
  for (const listed of await workspace.list<RunContent>('run', () => undefined)) {
    const run = await asItStands(workspace, listed);
    const { state, search, failure } = run.content;
    if (state === 'complete' || state === 'stopped' || search !== null) continue;
    // Most failures would only come again.
    if (failure === undefined || failure === 'STORAGE') return run;
  }
  throw new AimaasError(
    'ARTIFACT_NOT_FOUND',
    `The workspace ${workspace.root} has no run that was interrupted.`,
    {
      hint: 'aimaas runs list',
    },
  );
}
