import { performance } from 'node:perf_hooks';
import type { FeaturesContent, RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import type { Progress } from '../../core/reporter.js';
import type { StepContext } from '../../core/step.js';
import { Asha, rungsOf } from '../../search/asha.js';
import { ProcessPool, type TaskEnd } from '../../search/pool.js';
import { suggest } from '../../search/suggest.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { type Direction, leader, ranked, rankedPoints } from './rank.js';
import { trainOptionsOf } from './space.js';
import { type SearchFile, type Trial, writeSearch } from './state.js';
import { resolveTraining, type TrainOptions } from '../train/options.js';
import { settleRun, workerEntry } from './trial-run.js';
import type { TrialAnswer, TrialQuestion, TrialResult, TrialTask } from './trial-task.js';

/** Milliseconds that trials have to leave a checkpoint when the search ends before them. */
const GRACE = 2000;

/** Failures without a single success after which the search is given up. */
const MOST_FAILURES = 5;

/** The longest that a timer can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface SearchJob {
  readonly workspace: Workspace;
  readonly context: StepContext;
  readonly features: Manifest<FeaturesContent>;
  readonly direction: Direction;
  readonly jobs: number;
  readonly threads: number;
  /** Train runs again that are there already. */
  readonly force: boolean;
}

/**
 * Why a search ended: the number of trials was reached, the time was up, the space has no other points, or the user
 * interrupted it.
 */
export type SearchEnd = 'trials' | 'time' | 'space' | 'interrupted';

export interface SearchOutcome {
  readonly search: SearchFile;
  readonly end: SearchEnd;
  /** Trials that were begun or gone on with; 0 where there was nothing to do. */
  readonly worked: number;
}

/**
 * Runs the trials of a search that are still to be run, in parallel processes, and keeps its file true all the while.
 * @throws AimaasError what keeps trials from running at all.
 */
export async function runTrials(search: SearchFile, job: SearchJob): Promise<SearchOutcome> {
  return new TrialRunner(search, job).run();
}

/** A trial in progress: which it is, and what is to be done with what it tells. */
interface Running {
  readonly number: number;
  readonly group: string;
  /** Epochs it is judged at and has not reached yet. */
  rungs: number[];
  stopped: boolean;
}

class TrialRunner {
  private readonly search: SearchFile;
  private readonly job: SearchJob;
  private readonly asha = new Asha();
  private readonly trials: Trial[];
  private readonly pool: ProcessPool;
  private readonly running = new Set<Promise<void>>();
  /** Trials of an earlier call that were cut off, to be gone on with first. */
  private readonly unfinished: number[];
  private readonly started = performance.now();
  private ended: number | undefined;
  private saving: Promise<void> = Promise.resolve();
  private stopping: 'time' | 'interrupted' | 'failed' | undefined;
  private failure: unknown;
  private worked = 0;
  private exhausted = false;
  private bar: Progress | undefined;

  constructor(search: SearchFile, job: SearchJob) {
    this.search = search;
    this.job = job;
    this.trials = [...search.trials];
    this.unfinished = this.trials.filter(isCutOff).map(({ number }) => number);
    this.pool = new ProcessPool({ entry: workerEntry(), jobs: job.jobs, grace: GRACE });
  }

  async run(): Promise<SearchOutcome> {
    const { signal } = this.job.context;
    const { seconds } = this.search.limits;
    const left = seconds === null ? Infinity : Math.max(0, seconds - this.search.seconds) * 1000;
    const interrupt = (): void => this.stop('interrupted');
    signal.addEventListener('abort', interrupt);
    if (signal.aborted) interrupt();
    if (left === 0) this.stop('time');
    const timer = setTimeout(() => this.stop('time'), Math.min(left, LONGEST_TIMER));
    try {
      await this.work();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
      await this.pool.dispose();
      this.endBar();
    }
    this.ended = performance.now();
    if (this.worked > 0) await this.save();
    if (this.stopping === 'failed') throw this.failure;
    const end = this.stopping ?? (this.exhausted ? 'space' : 'trials');
    return { search: this.file(), end, worked: this.worked };
  }

  /** What the trials of earlier calls say of how far others should come. */
  private async restoreRungs(): Promise<void> {
    for (const trial of this.trials) {
      if (trial.rungs.length === 0) continue;
      const { group } = await this.planOf(trial);
      for (const rung of trial.rungs) this.asha.restore(group, rung);
    }
  }

  private async work(): Promise<void> {
    await this.restoreRungs();
    for (;;) {
      while (this.stopping === undefined && this.running.size < this.job.jobs) {
        const next = this.next();
        if (next === undefined) break;
        const work = this.perform(next.trial, next.mayStop).catch((error: unknown) => this.fail(error));
        this.running.add(work);
        void work.then(() => this.running.delete(work));
      }
      if (this.running.size === 0) return;
      await Promise.race(this.running);
    }
  }

  /** The trial to run now, if any: one that was cut off, a new one, at last the best one if it did not run to its end. */
  private next(): { trial: Trial; mayStop: boolean } | undefined {
    const number = this.unfinished.shift();
    if (number !== undefined) return { trial: this.trial(number), mayStop: true };
    if (this.trials.length < (this.search.limits.trials ?? Infinity) && !this.exhausted) {
      const trial = this.newTrial();
      if (trial !== undefined) return { trial, mayStop: true };
      this.exhausted = true;
    }
    if (this.running.size > 0) return undefined;
    const best = leader(this.trials, this.job.direction);
    return best === undefined || best.state === 'complete' ? undefined : { trial: best, mayStop: false };
  }

  private newTrial(): Trial | undefined {
    const { space, defaults, seed } = this.search;
    const suggestion = suggest(space, {
      defaults,
      begun: this.trials.length,
      tried: this.trials.map(({ point }) => point),
      ranked: rankedPoints(this.trials, this.job.direction),
      pending: this.trials.filter(isCutOff).map(({ point }) => point),
      seed,
    });
    if (suggestion === undefined) return undefined;
    const trial: Trial = {
      ...suggestion,
      number: this.trials.length + 1,
      state: 'running',
      run: null,
      value: null,
      loss: null,
      rungs: [],
      epochs: 0,
      plannedEpochs: 0,
      seconds: 0,
      error: null,
    };
    this.trials.push(trial);
    return trial;
  }

  private async perform(trial: Trial, mayStop: boolean): Promise<void> {
    const { features, workspace, threads, force } = this.job;
    this.worked++;
    this.showBar();
    const { number } = trial;
    const { options, group, epochs } = await this.planOf(trial);
    const passed = new Set(trial.rungs.map(({ rung }) => rung));
    const running: Running = {
      number,
      group,
      rungs: mayStop ? rungsOf(epochs).filter((rung) => !passed.has(rung)) : [],
      stopped: false,
    };
    const isNew = trial.plannedEpochs === 0;
    this.update(number, { state: 'running', plannedEpochs: epochs });
    await this.save();
    const task: TrialTask = {
      workspace: workspace.root,
      options: { ...options, features: features.id, search: this.search.id, threads, force: force && isNew },
    };
    const end = await this.pool.run(task as unknown as Json, (question) =>
      this.answer(running, question as unknown as TrialQuestion),
    );
    await this.finish(running, end);
    await this.save();
    this.showBar();
  }

  private answer(running: Running, question: TrialQuestion): TrialAnswer {
    const { number } = running;
    if (question.type === 'started') {
      this.update(number, { run: question.run, loss: null, epochs: 0 });
      return 'continue';
    }
    const { epoch } = question;
    const loss = Math.min(this.trial(number).loss ?? Infinity, question.loss ?? Infinity);
    this.update(number, { epochs: epoch, loss: Number.isFinite(loss) ? loss : null });
    while (running.rungs[0] !== undefined && running.rungs[0] <= epoch) {
      const result = { rung: running.rungs.shift() as number, loss };
      running.stopped ||= this.asha.report(running.group, result) === 'stop';
      this.update(number, { rungs: [...this.trial(number).rungs, result] });
      this.save().catch((error: unknown) => this.fail(error));
    }
    return running.stopped ? 'stop' : 'continue';
  }

  /** Notes how a trial ended and what its run says of itself. */
  private async finish(running: Running, end: TaskEnd): Promise<void> {
    const { workspace } = this.job;
    const { number } = running;
    const before = this.trial(number);
    const run = end.end === 'result' ? (end.result as unknown as TrialResult).run : before.run;
    const cutOff = end.end === 'crashed' && this.stopping !== undefined;
    const failed = end.end !== 'result' && isFailure(end) && !cutOff;
    if (end.end === 'crashed' && run !== null) {
      await settleRun(workspace, run, failed ? 'failed' : 'interrupted');
    }
    const content = run === null ? undefined : (await workspace.read<RunContent>('run', run))?.content;
    this.update(number, {
      run,
      state:
        end.end === 'result' ? 'complete' : failed ? 'failed' : running.stopped ? 'stopped' : 'interrupted',
      value: failed ? null : (content?.validation[this.search.metric] ?? null),
      epochs: content?.epochs ?? before.epochs,
      seconds: content?.seconds ?? before.seconds,
      error: failed ? end.message : null,
    });
    if (failed) this.warnOfFailure(number, end);
    else if (end.end === 'error' && end.code !== 'INTERRUPTED') {
      this.fail(new AimaasError(end.code, end.message));
    }
  }

  private warnOfFailure(number: number, end: Exclude<TaskEnd, { end: 'result' }>): void {
    this.job.context.reporter.warn(`Trial ${number} failed: ${end.message}`);
    const ended = this.trials.filter((trial) => !isCutOff(trial));
    if (ended.length < MOST_FAILURES || ended.some(({ state }) => state !== 'failed')) return;
    this.fail(
      new AimaasError(
        end.end === 'error' ? end.code : 'INTERNAL',
        `The first ${ended.length} trials all failed, so the search was given up. The last one: ${end.message}`,
        { hint: 'aimaas train   (to see one model train), or: aimaas optimize --jobs 1' },
      ),
    );
  }

  /** What a trial is trained with, and the group of trials it may be compared with half way. */
  private async planOf({ point }: Trial): Promise<{ options: TrainOptions; group: string; epochs: number }> {
    const { content } = this.job.features;
    const options = await trainOptionsOf(point, this.search.base, content);
    const { family, epochs, schedule, members } = (await resolveTraining(options, content)).settings;
    return { options, epochs, group: [family, epochs, schedule, members].join(' ') };
  }

  private stop(why: 'time' | 'interrupted' | 'failed'): void {
    this.stopping ??= why;
    this.pool.interrupt();
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.stopping = 'failed';
    this.pool.interrupt();
  }

  private trial(number: number): Trial {
    return this.trials[number - 1] as Trial;
  }

  private update(number: number, change: Partial<Trial>): void {
    this.trials[number - 1] = { ...this.trial(number), ...change };
  }

  private file(): SearchFile {
    const { limits, seconds } = this.search;
    const searched =
      this.worked === 0 ? seconds : seconds + ((this.ended ?? performance.now()) - this.started) / 1000;
    const used = this.stopping === 'time' ? Math.max(searched, limits.seconds ?? 0) : searched;
    return { ...this.search, seconds: used, trials: [...this.trials] };
  }

  /** One write after another, each of what is true when its turn comes. */
  private save(): Promise<void> {
    this.saving = this.saving.then(() => writeSearch(this.job.workspace, this.file()));
    return this.saving;
  }

  private showBar(): void {
    const { context, direction } = this.job;
    const total = this.search.limits.trials ?? undefined;
    this.bar ??= context.reporter.progress({ title: 'Searching', total, unit: 'trials' });
    const ended = this.trials.filter((trial) => !isCutOff(trial)).length;
    const best = ranked(this.trials, direction)[0];
    const value = best?.state === 'complete' ? best.value : null;
    this.bar.update(ended, value === null ? {} : { [`best ${this.search.metric}`]: value });
  }

  private endBar(): void {
    const ended = this.trials.filter((trial) => !isCutOff(trial)).length;
    if (this.stopping === undefined || this.stopping === 'time') this.bar?.done(`${ended} trials`);
    else this.bar?.fail();
  }
}

function isCutOff({ state }: Trial): boolean {
  return state === 'running' || state === 'interrupted';
}

/** A trial that cannot go on, while others can: its loss ran away, or its process died. */
function isFailure(end: TaskEnd): boolean {
  return (
    end.end === 'crashed' ||
    (end.end === 'error' && (end.code === 'TRAINING_DIVERGED' || end.code === 'INTERNAL'))
  );
}
