import type { Prediction } from '../core/predictor.js';
import { RequestError } from './request-error.js';
import type { InputRecord, ServedModel } from './served-model.js';

/** What a batcher tells of its work; see metrics.ts. */
export interface BatchObserver {
  /** A batch was answered. */
  batch(rows: number, seconds: number): void;
}

export interface BatcherOptions {
  /** Most rows given to the engine at once. */
  readonly maxBatchRows: number;
  /** Most rows that may wait; a request that would exceed it is refused, unless it would wait alone. */
  readonly maxQueueRows: number;
  /** Milliseconds a request may wait for its turn before it is given up. */
  readonly maxWait: number;
  readonly observer: BatchObserver;
}

interface Job {
  readonly records: readonly InputRecord[];
  /** Rows already answered are `answers`; rows taken into a batch, answered or not, are before `next`. */
  next: number;
  readonly answers: Prediction[];
  readonly deadline: number;
  readonly abandoned: () => boolean;
  readonly resolve: (answers: Prediction[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Consecutive rows of one job in a batch. */
interface Slice {
  readonly job: Job;
  readonly records: readonly InputRecord[];
}

/**
 * Gathers the rows of concurrent requests into batches for one model. Nothing waits for a batch to fill: whatever has
 * arrived by the time the engine is free goes at once, so an idle server adds no delay and a busy one grows its
 * batches. Large requests go in parts and take turns, so that small ones are not stuck behind them.
 */
export class Batcher {
  private readonly model: ServedModel;
  private readonly options: BatcherOptions;
  private queue: Job[] = [];
  private waiting = 0;
  private running: Promise<void> | undefined;
  /** Why the engine failed on rows that are right, if it did so last. */
  failure: unknown;

  constructor(model: ServedModel, options: BatcherOptions) {
    this.model = model;
    this.options = options;
  }

  /** Rows that wait for the engine. */
  get queuedRows(): number {
    return this.waiting;
  }

  /**
   * The answers for some rows, in their order.
   * @throws RequestError 503 when too many rows wait already, 504 when the turn came too late.
   * @throws AimaasError that names row and column when a row is not what the model takes.
   */
  predict(records: readonly InputRecord[], abandoned: () => boolean): Promise<Prediction[]> {
    if (records.length === 0) return Promise.resolve([]);
    if (this.waiting > 0 && this.waiting + records.length > this.options.maxQueueRows) {
      return Promise.reject(
        new RequestError(503, 'OVERLOADED', `${this.waiting} rows are waiting already.`, {
          hint: 'Try again later, or start the server with a larger --max-queue.',
          headers: { 'Retry-After': '1' },
        }),
      );
    }
    this.waiting += records.length;
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + this.options.maxWait;
      this.queue.push({ records, next: 0, answers: [], deadline, abandoned, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async run(): Promise<void> {
    // Everything that arrived in this turn of the event loop is read before the first batch is closed.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.take();
      if (batch.length > 0) await this.answer(batch);
    }
    this.running = undefined;
  }

  /** The next batch: a turn for every waiting job, as far as the rows go. */
  private take(): Slice[] {
    const slices: Slice[] = [];
    const again: Job[] = [];
    const now = performance.now();
    let room = this.options.maxBatchRows;
    let taken = 0;
    for (; taken < this.queue.length && room > 0; taken++) {
      const job = this.queue[taken] as Job;
      const left = job.records.length - job.next;
      if (job.abandoned()) {
        this.drop(job, new RequestError(499, 'CLIENT_GONE', 'The client went away.'));
        continue;
      }
      if (now > job.deadline) {
        const error = new RequestError(504, 'DEADLINE', 'The request waited too long for its turn.', {
          hint: 'Send fewer rows at once, or fewer requests.',
        });
        this.drop(job, error);
        continue;
      }
      const rows = Math.min(left, room);
      const whole = rows === job.records.length;
      slices.push({ job, records: whole ? job.records : job.records.slice(job.next, job.next + rows) });
      job.next += rows;
      room -= rows;
      this.waiting -= rows;
      if (job.next < job.records.length) again.push(job);
    }
    this.queue = this.queue.slice(taken).concat(again);
    return slices;
  }

  /** Gives up a job whose remaining rows are counted as waiting. */
  private drop(job: Job, error: unknown): void {
    this.waiting -= job.records.length - job.next;
    job.next = job.records.length;
    job.reject(error);
  }

  private async answer(slices: readonly Slice[]): Promise<void> {
    const started = performance.now();
    try {
      const records = slices.length === 1 ? (slices[0] as Slice).records : slices.flatMap((s) => s.records);
      const answers = await this.model.predictor.predict(this.model.toTable(records));
      this.failure = undefined;
      this.options.observer.batch(records.length, (performance.now() - started) / 1000);
      let from = 0;
      for (const slice of slices) {
        this.deliver(slice, answers, from);
        from += slice.records.length;
      }
    } catch (error) {
      await this.isolate(slices, error);
    }
  }

  /** After a batch failed: answers the requests whose rows are right and fails those whose rows are not. */
  private async isolate(slices: readonly Slice[], error: unknown): Promise<void> {
    const right: Slice[] = [];
    for (const slice of slices) {
      const fault = this.faultOf(slice.job);
      if (fault === undefined) right.push(slice);
      else this.fail(slice.job, fault);
    }
    if (right.length > 0 && right.length < slices.length) return this.answer(right);
    // The rows are right, so the engine failed: apart, those it can answer are answered.
    if (right.length > 1) {
      for (const slice of right) await this.answer([slice]);
      return;
    }
    for (const { job } of right) {
      this.failure = error;
      this.fail(job, error);
    }
  }

  /** What is wrong with a job's rows, with the row counted from the beginning of its request and not of the batch. */
  private faultOf(job: Job): unknown {
    try {
      this.model.toTable(job.records);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private deliver(slice: Slice, answers: readonly Prediction[], from: number): void {
    const { job } = slice;
    for (let i = 0; i < slice.records.length; i++) job.answers.push(answers[from + i] as Prediction);
    if (job.answers.length === job.records.length) job.resolve(job.answers);
  }

  private fail(job: Job, error: unknown): void {
    this.queue = this.queue.filter((other) => other !== job);
    this.drop(job, error);
  }
}
