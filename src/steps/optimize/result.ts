import type { Metrics, RunContent } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import type { TaskKind } from '../../core/task-kind.js';
import type { Origin } from '../../search/suggest.js';
import { headlineMetric } from '../../tasks/index.js';
import type { Workspace } from '../../workspace/workspace.js';
import { type Direction, isBetter, ranked } from './rank.js';
import { chosenValues } from './space.js';
import { type SearchFile, searchFolder, type TrialState } from './state.js';
import type { SearchEnd } from './trials.js';

export type LeaderboardRow = {
  /** Trial number; null for the model that was there before and for the trivial baseline. */
  readonly trial: number | null;
  /** current: the model that was there when the search began, which may be one of the trials. */
  readonly role: 'trial' | 'current' | 'baseline';
  readonly run: string | null;
  readonly family: string | null;
  /** The values the search chose. */
  readonly params: JsonObject;
  /** The metric on validation rows; of an unfinished trial, that of its best weights so far. */
  readonly value: number | null;
  /** A second metric on the same rows, the one people quote (accuracy, R²). */
  readonly headline: number | null;
  readonly state: TrialState | null;
  readonly origin: Origin | null;
  readonly epochs: number | null;
  readonly plannedEpochs: number | null;
  readonly seconds: number | null;
  readonly error: string | null;
};

export type OptimizeResult = {
  readonly schemaVersion: 1;
  readonly search: string;
  /** Whether there was nothing left to do. */
  readonly upToDate: boolean;
  readonly end: SearchEnd;
  readonly features: string;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly metric: string;
  readonly direction: Direction;
  readonly headlineMetric: string;
  /** What the metric was computed on, and that the test split was not read. */
  readonly selectedOn: 'validation';
  readonly testSplitUsed: false;
  readonly trials: { readonly [state in TrialState]: number } & { readonly total: number };
  readonly seconds: number;
  /** Best first, with the current model and the trivial baseline in their places. */
  readonly leaderboard: readonly LeaderboardRow[];
  readonly best: { readonly trial: number; readonly run: string; readonly value: number } | null;
  /** The current model when the search began. */
  readonly previous: { readonly run: string; readonly value: number } | null;
  /** Whether the best trial is better than that model, and by how much (above 0 is better). */
  readonly improved: boolean;
  readonly improvement: number | null;
  /** The run that is the current one now. */
  readonly current: string | null;
  readonly folder: string;
};

/** What is known of the place of a search besides its file. */
export interface ResultContext {
  readonly workspace: Workspace;
  readonly dataName: string;
  readonly task: TaskKind;
  readonly direction: Direction;
  readonly end: SearchEnd;
  readonly upToDate: boolean;
  readonly current: string | null;
}

export async function optimizeResult(search: SearchFile, about: ResultContext): Promise<OptimizeResult> {
  const { metric, previous } = search;
  const { direction, workspace, task } = about;
  const order = ranked(search.trials, direction);
  const [first] = order;
  const best =
    first?.state === 'complete' && first.run !== null && first.value !== null
      ? { trial: first.number, run: first.run, value: first.value }
      : null;
  const improved = best !== null && previous !== null && isBetter(best.value, previous.value, direction);
  const difference = best === null || previous === null ? null : best.value - previous.value;
  const states: TrialState[] = ['running', 'complete', 'stopped', 'interrupted', 'failed'];
  const counts = Object.fromEntries(
    states.map((state) => [state, search.trials.filter((trial) => trial.state === state).length]),
  ) as { [state in TrialState]: number };
  return {
    schemaVersion: 1,
    search: search.id,
    upToDate: about.upToDate,
    end: about.end,
    features: search.features,
    dataName: about.dataName,
    task,
    metric,
    direction,
    headlineMetric: headlineMetric(task),
    selectedOn: 'validation',
    testSplitUsed: false,
    trials: { ...counts, total: search.trials.length },
    seconds: search.seconds,
    leaderboard: await leaderboard(search, about),
    best,
    previous: previous === null ? null : { run: previous.run, value: previous.value },
    improved,
    improvement: difference === null ? null : direction === 'maximize' ? difference : -difference,
    current: about.current,
    folder: searchFolder(workspace, search.id),
  };
}

const OTHER: Omit<LeaderboardRow, 'role' | 'run' | 'value' | 'headline' | 'family'> = {
  trial: null,
  params: {},
  state: null,
  origin: null,
  epochs: null,
  plannedEpochs: null,
  seconds: null,
  error: null,
};

/** Trials in their order; the previous model and the baseline before the first complete trial that is not better. */
async function leaderboard(search: SearchFile, about: ResultContext): Promise<LeaderboardRow[]> {
  const { metric, previous, space } = search;
  const { direction, workspace, task } = about;
  const headline = headlineMetric(task);
  let baseline: Metrics = {};
  const rows: LeaderboardRow[] = [];
  for (const trial of ranked(search.trials, direction)) {
    const content = await contentOf(workspace, trial.run);
    if (baseline[metric] === undefined && content !== undefined) baseline = content.baseline;
    rows.push({
      trial: trial.number,
      role: trial.run !== null && trial.run === previous?.run ? 'current' : 'trial',
      run: trial.run,
      family: trial.point['family'] as string,
      params: chosenValues(space, trial.point),
      value: trial.value,
      headline: trial.state === 'failed' ? null : (content?.validation[headline] ?? null),
      state: trial.state,
      origin: trial.origin,
      epochs: trial.epochs,
      plannedEpochs: trial.plannedEpochs,
      seconds: trial.seconds,
      error: trial.error,
    });
  }
  const insert = (row: LeaderboardRow): void => {
    const value = row.value ?? NaN;
    const at = rows.findIndex(
      (other) =>
        (other.trial !== null && other.state !== 'complete') ||
        other.value === null ||
        isBetter(value, other.value, direction),
    );
    rows.splice(at < 0 ? rows.length : at, 0, row);
  };
  if (previous !== null && rows.every(({ run }) => run !== previous.run)) {
    const content = await contentOf(workspace, previous.run);
    insert({
      ...OTHER,
      role: 'current',
      run: previous.run,
      family: previous.family,
      value: previous.value,
      headline: content?.validation[headline] ?? null,
    });
  }
  if (baseline[metric] !== undefined) {
    insert({
      ...OTHER,
      role: 'baseline',
      run: null,
      family: null,
      value: baseline[metric],
      headline: baseline[headline] ?? null,
    });
  }
  return rows;
}

/** What the run says of itself; undefined for one that has been deleted. */
async function contentOf(workspace: Workspace, run: string | null): Promise<RunContent | undefined> {
  return run === null ? undefined : (await workspace.read<RunContent>('run', run))?.content;
}
