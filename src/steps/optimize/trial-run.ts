import { createRequire } from 'node:module';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import type { FeaturesContent, RunContent, RunState } from '../../core/artifacts.js';
import { silentReporter } from '../../core/reporter.js';
import { withLock } from '../../workspace/lock.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';

/** Bytes a process takes before it holds any rows, and how often the rows are in memory at most. */
const BYTES_OF_PROCESS = 400e6;
const COPIES_OF_ROWS = 4;

/** The compiled worker script, which is in dist also where this file itself runs from its source. */
export function workerEntry(): string {
  const root = dirname(createRequire(import.meta.url).resolve('aimaas/package.json'));
  return join(root, 'dist', 'steps', 'optimize', 'trial-worker.js');
}

/** Processes that use the machine well: one a core, as far as the memory allows. */
export function defaultJobs(features: FeaturesContent): number {
  const { splits, layout } = features;
  const rows = (splits.train.rows + splits.validation.rows) * layout.length * 4 * COPIES_OF_ROWS;
  const room = Math.floor(freemem() / (BYTES_OF_PROCESS + rows));
  return Math.max(1, Math.min(availableParallelism(), room));
}

/** Threads of each of so many processes, so that together they are no more than there are cores. */
export function threadsPerJob(jobs: number): number {
  return Math.max(1, Math.floor(availableParallelism() / jobs));
}

/** Gives a run whose process died the state it is in, which it could not write any more. */
export async function settleRun(workspace: Workspace, id: string, state: RunState): Promise<void> {
  const lock = { reporter: silentReporter, what: `run ${id}` };
  await withLock(workspace.lockPath('run', id), lock, async () => {
    const run: Manifest<RunContent> | undefined = await workspace.read('run', id);
    if (run?.content.state !== 'training') return;
    await workspace.writeManifest(workspace.folder('run', id), 'run', id, run.key, { ...run.content, state });
  });
}
