import { performance } from 'node:perf_hooks';
import type { TensorData } from '../core/tensor.js';
import type { Checkpoint, Progress } from './checkpoint.js';
import {
  epochIndices,
  type Fillers,
  placeOf,
  stepIndices,
  type StepPlace,
  type TrainingPart,
} from './data.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import type { EpochRecord, TrainingPlan } from './plan.js';
import { AVERAGE, type InitialValues, PARAMETERS, STATISTICS } from './program.js';
import { averageKept, fade, FIRST_PLATEAU, observePlateau, scheduleNamed } from './schedules.js';
import { scheduleLength, scheduleOf } from './step.js';
import type { StepSessions } from './step-sessions.js';

/** Most steps in one call of the engine, so that an interrupt is answered and progress shown in good time. */
const STEPS_PER_CALL = 32;

/** Seconds between two checkpoints, unless the run ends or is interrupted. */
const CHECKPOINT_SECONDS = 2;

export interface LoopOptions {
  readonly sessions: StepSessions;
  readonly plan: TrainingPlan;
  readonly optimizer: Optimizer;
  readonly optimizerOptions: OptimizerOptions;
  readonly members: number;
  readonly parts: readonly TrainingPart[];
  readonly initial: InitialValues;
  /** What the sessions hold before the first step. */
  readonly firstState: Readonly<Record<string, TensorData>>;
  /** Columns of the parameter and statistics matrices. */
  readonly widths: { readonly parameters: number; readonly statistics: number };
  readonly resume: Checkpoint | undefined;
  readonly signal: AbortSignal;
  /** Validation loss of every member for a state of the sessions; NaN where a member has no rows to be validated on. */
  validate(state: Readonly<Record<string, TensorData>>): Promise<number[]>;
  checkpoint(checkpoint: Checkpoint): Promise<void>;
  onSteps(done: number, loss: number): void;
  onRecord(record: EpochRecord): Promise<void> | void;
}

export type LoopEnd = 'complete' | 'stopped early' | 'interrupted' | 'diverged';

export interface LoopOutcome {
  readonly end: LoopEnd;
  readonly progress: Progress;
  /** The best weights of every member, by its own validation loss. */
  readonly best: InitialValues;
}

/** Runs a training session from its first step, or a checkpoint, to its end. */
export async function runLoop(options: LoopOptions): Promise<LoopOutcome> {
  const loop = new Loop(options);
  await loop.start();
  return loop.run();
}

class Loop {
  private readonly o: LoopOptions;
  private progress: Progress;
  private best: { parameters: Float32Array; statistics: Float32Array };
  private readonly startedAt = performance.now();
  private readonly secondsBefore: number;
  private checkpointedAt = performance.now();
  private indices: { readonly key: string; readonly values: Int32Array } | undefined;
  private loaded: { readonly part: number; readonly fillers: Fillers } | undefined;

  constructor(options: LoopOptions) {
    this.o = options;
    const { members } = options;
    this.progress = options.resume?.progress ?? {
      step: 0,
      learningRate: options.plan.learningRate,
      lossSum: 0,
      lossCount: 0,
      bestLoss: new Array<null>(members).fill(null),
      bestEpoch: new Array<number>(members).fill(0),
      lastImprovement: 0,
      plateau: FIRST_PLATEAU,
      seconds: 0,
      history: [],
    };
    this.secondsBefore = this.progress.seconds;
    const saved = options.resume?.tensors;
    this.best = {
      parameters:
        (saved?.[`best_${PARAMETERS}`]?.data as Float32Array | undefined) ??
        options.initial.parameters.slice(),
      statistics:
        (saved?.[`best_${STATISTICS}`]?.data as Float32Array | undefined) ??
        options.initial.statistics.slice(),
    };
  }

  async start(): Promise<void> {
    const { sessions, firstState, resume } = this.o;
    if (resume === undefined) return sessions.writeState(firstState);
    const state = Object.entries(resume.tensors).filter(([name]) => !name.startsWith('best_'));
    return sessions.writeState(Object.fromEntries(state));
  }

  async run(): Promise<LoopOutcome> {
    const { plan, signal } = this.o;
    const total = plan.epochs * plan.stepsPerEpoch;
    const block = plan.evaluateEvery * plan.stepsPerEpoch;
    while (this.progress.step < total) {
      const blockEnd = Math.min(total, (Math.floor(this.progress.step / block) + 1) * block);
      const count = Math.min(STEPS_PER_CALL, blockEnd - this.progress.step, this.stepsAlike());
      if (!(await this.steps(count, total))) return this.end('diverged');
      if (this.progress.step === blockEnd) {
        if (!(await this.evaluate(total))) return this.end('diverged');
        const waited = this.progress.step / plan.stepsPerEpoch - this.progress.lastImprovement;
        if (plan.patience !== undefined && waited >= plan.patience && this.progress.step < total) {
          await this.save();
          return this.end('stopped early');
        }
      }
      if (signal.aborted) {
        await this.save();
        return this.end('interrupted');
      }
      if (performance.now() - this.checkpointedAt > CHECKPOINT_SECONDS * 1000) await this.save();
    }
    await this.save();
    return this.end('complete');
  }

  /** Runs `count` steps; false when a loss is not finite. */
  private async steps(count: number, total: number): Promise<boolean> {
    const { plan, sessions, optimizer, optimizerOptions, members } = this.o;
    const first = this.progress.step;
    const fillers = await this.partAt(first);
    const size = this.sizeAt(first);
    const indices = new Int32Array(count * members * size);
    const numbers = scheduleLength(optimizer, optimizerOptions);
    const schedule = new Float32Array(count * numbers);
    for (let i = 0; i < count; i++) {
      const step = first + i;
      indices.set(this.indicesOf(step, size, fillers), i * members * size);
      const faded = fade(step / total, plan.fadeFrom);
      const given = {
        learningRate: this.learningRate(step, total),
        weightDecay: plan.weightDecay * faded,
        drop: plan.dropout * faded,
        average: averageKept(plan.average, step),
      };
      schedule.set(scheduleOf(optimizer, optimizerOptions, step + 1, given), i * numbers);
    }
    const losses = await sessions.run({ first, count, size, indices, schedule });
    const sum = losses.reduce((a, b) => a + b, 0);
    const bad = losses.findIndex((value) => !Number.isFinite(value));
    this.progress = {
      ...this.progress,
      step: first + (bad === -1 ? count : bad + 1),
      lossSum: this.progress.lossSum + sum,
      lossCount: this.progress.lossCount + count,
      seconds: this.seconds(),
    };
    this.o.onSteps(this.progress.step, sum / count);
    return Number.isFinite(sum);
  }

  /** Validates, keeps each member's best weights and records the epoch; false when a weight is no number any more. */
  private async evaluate(total: number): Promise<boolean> {
    const { plan, sessions, widths } = this.o;
    const epoch = this.progress.step / plan.stepsPerEpoch;
    const state = this.answering(await sessions.readState());
    if (!(state[PARAMETERS]?.data as Float32Array).every(Number.isFinite)) return false;
    const losses = await this.o.validate(state);
    const bestLoss = [...this.progress.bestLoss];
    const bestEpoch = [...this.progress.bestEpoch];
    let improved = false;
    for (const [member, loss] of losses.entries()) {
      const held = bestLoss[member] ?? Infinity;
      // A member without rows to be validated on is taken as it is at the end.
      if (!(loss < held) && !Number.isNaN(loss)) continue;
      if (!Number.isNaN(loss)) bestLoss[member] = loss;
      bestEpoch[member] = epoch;
      improved = true;
      copyRow(this.best.parameters, state[PARAMETERS], member, widths.parameters);
      copyRow(this.best.statistics, state[STATISTICS], member, widths.statistics);
    }
    const known = losses.filter((loss) => !Number.isNaN(loss));
    const validationLoss = known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length;
    const record: EpochRecord = {
      epoch,
      step: this.progress.step,
      learningRate: this.learningRate(this.progress.step - 1, total),
      loss: this.progress.lossSum / Math.max(1, this.progress.lossCount),
      validationLoss,
      seconds: this.seconds(),
    };
    this.progress = {
      ...this.progress,
      lossSum: 0,
      lossCount: 0,
      bestLoss,
      bestEpoch,
      lastImprovement: improved ? epoch : this.progress.lastImprovement,
      plateau:
        plan.schedule === 'plateau' && validationLoss !== null
          ? observePlateau(this.progress.plateau, validationLoss)
          : this.progress.plateau,
      history: [...this.progress.history, record],
    };
    await this.o.onRecord(record);
    return true;
  }

  /** The state with the parameters that answer: their running average, where one is kept. */
  private answering(state: Record<string, TensorData>): Record<string, TensorData> {
    const average = state[AVERAGE];
    return average === undefined ? state : { ...state, [PARAMETERS]: average };
  }

  private learningRate(step: number, total: number): number {
    const { schedule, warmup } = this.o.plan;
    const { learningRate, plateau } = this.progress;
    return learningRate * plateau.scale * scheduleNamed(schedule, warmup)(step, total);
  }

  private place(step: number): StepPlace & { readonly epoch: number } {
    const { plan, parts } = this.o;
    const epoch = Math.floor(step / plan.stepsPerEpoch);
    return { ...placeOf(parts, { ...plan, epoch }, step % plan.stepsPerEpoch), epoch };
  }

  /** Steps, this one included, until other rows must be resident or batches are of another size. */
  private stepsAlike(): number {
    const { part, step, steps } = this.place(this.progress.step);
    const last = this.o.sessions.sizeOf(this.o.parts[part] as TrainingPart, steps - 1);
    if (step < steps - 1 && last !== this.sizeAt(this.progress.step)) return steps - 1 - step;
    return this.o.parts.length === 1 && last === this.o.plan.batchSize ? Infinity : steps - step;
  }

  private sizeAt(at: number): number {
    const { part, step } = this.place(at);
    return this.o.sessions.sizeOf(this.o.parts[part] as TrainingPart, step);
  }

  /** Makes the rows of a step resident; returns what fills up short batches. */
  private async partAt(step: number): Promise<Fillers> {
    const { part } = this.place(step);
    if (this.loaded?.part !== part) {
      this.loaded = { part, fillers: await this.o.sessions.load(this.o.parts[part] as TrainingPart) };
    }
    return this.loaded.fillers;
  }

  /** Row indices [members, size] of a step. */
  private indicesOf(step: number, size: number, fillers: Fillers): Int32Array {
    const { plan, parts, members } = this.o;
    const { batchSize } = plan;
    const { epoch, part, step: local, steps } = this.place(step);
    const key = `${epoch} ${part}`;
    if (this.indices?.key !== key) {
      const of = { seed: plan.seed, epoch, part, steps, batchSize, fillers };
      this.indices = { key, values: epochIndices((parts[part] as TrainingPart).members, of) };
    }
    return stepIndices(this.indices.values, { members, batchSize, size, step: local });
  }

  private seconds(): number {
    return this.secondsBefore + (performance.now() - this.startedAt) / 1000;
  }

  private async save(): Promise<void> {
    const state = await this.o.sessions.readState();
    const { widths, members } = this.o;
    const tensors: Record<string, TensorData> = {
      ...state,
      [`best_${PARAMETERS}`]: {
        dtype: 'float32',
        shape: [members, widths.parameters],
        data: this.best.parameters,
      },
    };
    if (widths.statistics > 0) {
      tensors[`best_${STATISTICS}`] = {
        dtype: 'float32',
        shape: [members, widths.statistics],
        data: this.best.statistics,
      };
    }
    this.progress = { ...this.progress, seconds: this.seconds() };
    await this.o.checkpoint({ progress: this.progress, tensors });
    this.checkpointedAt = performance.now();
  }

  private end(end: LoopEnd): LoopOutcome {
    return { end, progress: this.progress, best: this.best };
  }
}

/** Copies a member's row of a matrix [members, width]; nothing where there is no such matrix. */
function copyRow(to: Float32Array, from: TensorData | undefined, member: number, width: number): void {
  if (from === undefined) return;
  to.set((from.data as Float32Array).subarray(member * width, (member + 1) * width), member * width);
}
