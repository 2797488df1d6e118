import { Random } from '../core/random.js';
import type { TensorData } from '../core/tensor.js';
import type { Engine, EngineOptions, Tensors, TrainingSession } from '../engines/engine.js';
import {
  RANDOM_OFFSETS,
  RANDOM_POOL,
  type RandomDraws,
  randomDraws,
  randomOffsets,
  randomPool,
} from '../graph/random.js';
import { type Fillers, rowsOfStep, stepsOfPart, type TrainingPart } from './data.js';
import type { Program } from './program.js';
import { type StepOptions, stepGraph } from './step.js';

/** Copies of a member's rows that stand in for missing ones. More are not needed to give a batch the usual statistics. */
const MOST_FILLERS = 256;

export interface StepSessionsOptions {
  readonly engine: Engine;
  readonly engineOptions: EngineOptions;
  readonly program: Program;
  /** The step; its batch size is that of whole batches. */
  readonly step: StepOptions;
  readonly parts: readonly TrainingPart[];
  /** Whether what a row gives depends on the other rows of its batch, as with batch normalisation. */
  readonly mixesRows: boolean;
  readonly seed: number;
}

/** Consecutive steps of one size. */
export interface Steps {
  /** Number of the first one, from the beginning of the run. */
  readonly first: number;
  readonly count: number;
  /** Rows a member has in each, as `sizeOf` says. */
  readonly size: number;
  /** [count, members, size]. */
  readonly indices: Int32Array;
  /** [count, numbers]. */
  readonly schedule: Float32Array;
}

interface Compiled {
  readonly session: TrainingSession;
  readonly draws: RandomDraws | undefined;
  /** Whose rows it holds. */
  part?: TrainingPart;
}

/**
 * The training step compiled for whole batches and, where it matters, for a shorter last one. Without layers that mix
 * rows, a short batch filled up with rows of weight 0 gives the same to the bit and costs nothing to compile. With them it
 * does not, and the short step is compiled when it is first met; the state then goes from one session to the other. A
 * last batch of a single row has no variance, and would teach a moving variance zeros: it is filled up in any case.
 */
export class StepSessions {
  private readonly o: StepSessionsOptions;
  private readonly bySize = new Map<number, Compiled>();
  private readonly fillersPerMember: number;
  private current: Compiled;
  private rows: { readonly part: TrainingPart; readonly tensors: Tensors } | undefined;

  private constructor(options: StepSessionsOptions, whole: Compiled) {
    this.o = options;
    this.current = whole;
    this.bySize.set(options.step.batchSize, whole);
    this.fillersPerMember = Math.min(MOST_FILLERS, options.mixesRows ? this.mostMissing() : 1);
  }

  static async open(options: StepSessionsOptions): Promise<StepSessions> {
    return new StepSessions(options, await compile(options, options.step.batchSize));
  }

  /** Rows that a member has in a step of a part, fillers included. */
  sizeOf(part: TrainingPart, step: number): number {
    const { mixesRows, step: options } = this.o;
    const rows = rowsOfStep(part, options.batchSize, step);
    return mixesRows && rows > 1 ? rows : options.batchSize;
  }

  /** Makes the rows of a part resident, with fillers after them. */
  async load(part: TrainingPart): Promise<Fillers> {
    const { rows, width, x, y, weight } = await part.rows();
    const originals = part.members.flatMap((own, member) => this.fillersOf(own, member));
    const total = rows + originals.length;
    const extended = (values: Float32Array, size: number, fillers: readonly number[]): TensorData => {
      const data = new Float32Array(total * size);
      data.set(values);
      fillers.forEach((row, i) => data.set(values.subarray(row * size, (row + 1) * size), (rows + i) * size));
      return { dtype: 'float32', shape: size === 1 ? [total] : [total, size], data };
    };
    const tensors = {
      x: { ...extended(x, width, originals), shape: [total, width] },
      y: extended(y, 1, originals),
      weight: extended(weight, 1, []),
    };
    this.rows = { part, tensors };
    // All of them, so that none holds on to the rows of the part before.
    for (const compiled of this.bySize.values()) await this.fill(compiled);
    return { first: rows, perMember: this.fillersPerMember };
  }

  writeState(state: Tensors): Promise<void> {
    return this.current.session.writeState(state);
  }

  readState(): Promise<Record<string, TensorData>> {
    return this.current.session.readState();
  }

  /** Runs steps of the part that was loaded; the loss of each. */
  async run({ first, count, size, indices, schedule }: Steps): Promise<Float32Array> {
    const { session, draws } = await this.use(size);
    const perStep: Record<string, TensorData> = {
      schedule: { dtype: 'float32', shape: [count, schedule.length / count], data: schedule },
    };
    if (draws !== undefined) {
      const data = new Int32Array(count * draws.count);
      for (let i = 0; i < count; i++) {
        data.set(randomOffsets(this.o.seed, first + i, draws).data, i * draws.count);
      }
      perStep[RANDOM_OFFSETS] = { dtype: 'int32', shape: [count, draws.count], data };
    }
    const { loss } = await session.run({ count, indices, perStep });
    return loss?.data as Float32Array;
  }

  async dispose(): Promise<void> {
    this.rows = undefined;
    await Promise.all([...this.bySize.values()].map(({ session }) => session.dispose()));
  }

  /** The session for a size, with the rows and the state that the steps before have left. */
  private async use(size: number): Promise<Compiled> {
    let wanted = this.bySize.get(size);
    if (wanted === undefined) {
      wanted = await compile(this.o, size);
      this.bySize.set(size, wanted);
    }
    if (wanted !== this.current) {
      await wanted.session.writeState(await this.current.session.readState());
      this.current = wanted;
    }
    await this.fill(wanted);
    return wanted;
  }

  private async fill(compiled: Compiled): Promise<void> {
    if (this.rows === undefined || compiled.part === this.rows.part) return;
    const { draws } = compiled;
    await compiled.session.load({
      ...this.rows.tensors,
      ...(draws === undefined ? {} : { [RANDOM_POOL]: randomPool(this.o.seed, draws) }),
    });
    compiled.part = this.rows.part;
  }

  /** Most places of a step that a member has no row for. */
  private mostMissing(): number {
    const { batchSize } = this.o.step;
    const missing = this.o.parts.flatMap((part) => {
      const last = stepsOfPart(part, batchSize) - 1;
      const places = last * batchSize + this.sizeOf(part, last);
      return part.members.map((rows) => Math.min(batchSize, places - rows.length));
    });
    return Math.max(1, ...missing);
  }

  /** Rows of a member to be copied, drawn by seed; a member that learns from none of the part's takes its first row. */
  private fillersOf(own: Int32Array, member: number): number[] {
    const drawn = Random.of(this.o.seed, `fillers ${member}`).shuffle(own.slice());
    return Array.from({ length: this.fillersPerMember }, (_, i) => drawn[i % Math.max(1, drawn.length)] ?? 0);
  }
}

async function compile(
  { engine, engineOptions, program, step }: StepSessionsOptions,
  batchSize: number,
): Promise<Compiled> {
  const traced = stepGraph(program, { ...step, batchSize });
  return {
    session: await engine.compileTraining(traced, engineOptions),
    draws: randomDraws(traced.graph),
  };
}
