import type { RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { findMetric } from '../../metrics/index.js';
import { withLock } from '../../workspace/lock.js';
import { Workspace } from '../../workspace/workspace.js';
import { askedSearch, type AskedSearch, type OptimizeOptions } from './options.js';
import { type Direction, isBetter, leader, ranked } from './rank.js';
import { type OptimizeResult, optimizeResult } from './result.js';
import { type PreviousModel, readSearch, type SearchFile, type Trial } from './state.js';
import { runTrials, type SearchOutcome } from './trials.js';
import { defaultJobs, threadsPerJob } from './trial-run.js';

export type { OptimizeOptions } from './options.js';
export type { LeaderboardRow, OptimizeResult } from './result.js';

/**
 * Searches the parameters of the model families by training many models on the current features, and makes the best one
 * the current run if it is better than the one that is. Models are judged by rows they did not learn from; the test split
 * is never read. The same options go on with the same search.
 */
export async function optimize(options: OptimizeOptions, context: StepContext): Promise<OptimizeResult> {
  const workspace = new Workspace(context.workspace);
  const asked = await askedSearch(workspace, options, context);
  const { id, limits } = asked.search;
  const lock = { reporter: context.reporter, signal: context.signal, what: `search ${id}` };
  return withLock(workspace.path('locks', `search-${id}.lock`), lock, async () => {
    const begun = options.force === true ? undefined : await readSearch(workspace, id);
    const search = begun === undefined ? asked.search : { ...begun, limits };
    return runSearch(workspace, { ...asked, search }, options, context);
  });
}

async function runSearch(
  workspace: Workspace,
  { search: asked, features }: AskedSearch,
  options: OptimizeOptions,
  context: StepContext,
): Promise<OptimizeResult> {
  const { task, dataName } = features.content;
  const { direction } = findMetric(asked.metric, task);
  const before = await currentModel(workspace, asked);
  const begun = asked.trials.length > 0;
  const previous = begun ? asked.previous : before;
  const search = await withBestRun(workspace, { ...asked, previous }, direction);
  const jobs = Math.max(
    1,
    Math.min(options.jobs ?? defaultJobs(features.content), search.limits.trials ?? Infinity),
  );
  const outcome = await runTrials(search, {
    workspace,
    context,
    features,
    direction,
    jobs,
    threads: threadsPerJob(jobs),
    force: options.force === true,
  });
  const current = await crown(workspace, outcome.search, before, direction);
  if (outcome.end === 'interrupted') throw interrupted(outcome);
  return optimizeResult(outcome.search, {
    workspace,
    dataName,
    task,
    direction,
    end: outcome.end,
    upToDate: outcome.worked === 0,
    current: current ?? null,
  });
}

/** The current run, if it can be compared: complete, of the same features, with the metric. */
async function currentModel(workspace: Workspace, search: SearchFile): Promise<PreviousModel | null> {
  const id = await workspace.current('run');
  const run = id === undefined ? undefined : await workspace.read<RunContent>('run', id);
  if (run === undefined || run.content.state !== 'complete') return null;
  const value = run.content.validation[search.metric];
  if (run.content.features !== search.features || value === undefined) return null;
  return { run: run.id, family: run.content.model.family, value };
}

/** The search with its best trial to be trained again if the run of that one has been deleted. */
async function withBestRun(
  workspace: Workspace,
  search: SearchFile,
  direction: Direction,
): Promise<SearchFile> {
  const best = leader(search.trials, direction);
  if (best?.run == null || (await workspace.read('run', best.run)) !== undefined) return search;
  const again: Trial = { ...best, state: 'interrupted', value: null };
  return { ...search, trials: search.trials.map((trial) => (trial === best ? again : trial)) };
}

/**
 * Makes the best complete trial the current run, unless the one that is current now is as good. Where none can be
 * compared with it, the best one is it.
 * @returns the id of the current run
 */
async function crown(
  workspace: Workspace,
  search: SearchFile,
  before: PreviousModel | null,
  direction: Direction,
): Promise<string | undefined> {
  const [best] = ranked(search.trials, direction);
  const usable = best?.state === 'complete' && best.run !== null && best.value !== null ? best : undefined;
  if (usable?.run == null || usable.value === null) return workspace.current('run');
  if (before !== null && !isBetter(usable.value, before.value, direction)) {
    await workspace.setCurrent('run', before.run);
    return before.run;
  }
  await workspace.setCurrent('run', usable.run);
  return usable.run;
}

function interrupted({ search }: SearchOutcome): AimaasError {
  const ended = search.trials.filter(({ state }) => state !== 'running' && state !== 'interrupted').length;
  return new AimaasError(
    'INTERRUPTED',
    `Interrupted after ${ended} finished trial${ended === 1 ? '' : 's'} of search ${search.id}; all are kept.`,
    { hint: 'aimaas optimize --resume' },
  );
}
