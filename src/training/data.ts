import { Random } from '../core/random.js';

/** Rows to learn from, in memory. */
export interface TrainingRows {
  readonly rows: number;
  /** Columns of the feature matrix. */
  readonly width: number;
  /** [rows, width]. */
  readonly x: Float32Array;
  /** [rows]: class index, or the standardised target. */
  readonly y: Float32Array;
  /** [rows], mean about 1. */
  readonly weight: Float32Array;
}

/**
 * Training rows that are in memory at one time. Data that fits is one part; of larger data every epoch visits all parts
 * in random order, and the rows of each in random order.
 */
export interface TrainingPart {
  /** Rows of the part that each member learns from. */
  readonly members: readonly Int32Array[];
  rows(): Promise<TrainingRows>;
}

/** Rows of weight 0 that fill up the places of a batch that are left over: copies of a member's own. */
export interface Fillers {
  /** Index of the first one of the first member. */
  readonly first: number;
  readonly perMember: number;
}

/** Where in an epoch a step is. */
export interface StepPlace {
  /** Index of the part. */
  readonly part: number;
  /** Step within the part, and how many the part has. */
  readonly step: number;
  readonly steps: number;
}

/** Steps that a part takes at this batch size. */
export function stepsOfPart(part: TrainingPart, batchSize: number): number {
  return Math.max(1, Math.ceil(Math.max(...part.members.map((rows) => rows.length)) / batchSize));
}

/** Rows that the member with most has in a step of a part. */
export function rowsOfStep(part: TrainingPart, batchSize: number, step: number): number {
  const longest = Math.max(...part.members.map((rows) => rows.length));
  return Math.max(0, Math.min(batchSize, longest - step * batchSize));
}

/** The place of the `step`-th step of an epoch, which visits the parts in an order of its own. */
export function placeOf(
  parts: readonly TrainingPart[],
  plan: { readonly seed: number; readonly epoch: number; readonly batchSize: number },
  step: number,
): StepPlace {
  const order = Random.of(plan.seed, `parts ${plan.epoch}`).permutation(parts.length);
  let left = step;
  for (const part of order) {
    const steps = stepsOfPart(parts[part] as TrainingPart, plan.batchSize);
    if (left < steps) return { part, step: left, steps };
    left -= steps;
  }
  throw new RangeError(`an epoch has no step ${step}`);
}

/** Which rows each member learns from and which it is validated on. */
export interface MemberRows {
  readonly train: readonly Int32Array[];
  readonly validation: readonly Int32Array[];
}

/** Every member learns from the first `train` rows and is validated on those after them. */
export function sharedSplit(train: number, rows: number, members: number): MemberRows {
  const range = (from: number, to: number): Int32Array =>
    Int32Array.from({ length: to - from }, (_, i) => from + i);
  const learned = range(0, train);
  const held = range(train, rows);
  return {
    train: Array.from({ length: members }, () => learned),
    validation: Array.from({ length: members }, () => held),
  };
}

/**
 * As many folds as members: member k is validated on fold k and learns from the others. With `classes`, every fold has
 * each class in proportion (y holds class indices); else rows are dealt in random order.
 */
export function folds(y: Float32Array, members: number, classes: boolean, seed: number): MemberRows {
  const rows = y.length;
  const order = Random.of(seed, 'folds').permutation(rows);
  if (classes) order.sort((a, b) => (y[a] as number) - (y[b] as number));
  const fold = new Int32Array(rows);
  order.forEach((row, position) => (fold[row] = position % members));
  const select = (keep: (foldOfRow: number) => boolean): Int32Array => {
    const all = Int32Array.from({ length: rows }, (_, row) => row);
    return all.filter((row) => keep(fold[row] as number));
  };
  const each = Array.from({ length: members }, (_, member) => member);
  return {
    train: each.map((member) => select((of) => of !== member)),
    validation: each.map((member) => select((of) => of === member)),
  };
}

/** Batches of an epoch: as many rows each, so that no batch is much shorter than the others. */
export function evenBatches(
  rows: number,
  largest: number,
): { readonly batchSize: number; readonly steps: number } {
  const steps = Math.max(1, Math.ceil(rows / largest));
  return { batchSize: Math.max(1, Math.ceil(rows / steps)), steps };
}

/**
 * Row indices of every step of a part in an epoch, [steps, members, batchSize]. The order depends on seed, epoch and part
 * alone, so that a resumed run meets the rows an uninterrupted one would have. Places that are left over, at the end of a
 * member's rows, hold its fillers in turn.
 */
export function epochIndices(
  members: readonly Int32Array[],
  plan: {
    readonly seed: number;
    readonly epoch: number;
    readonly part: number;
    readonly steps: number;
    readonly batchSize: number;
    readonly fillers: Fillers;
  },
): Int32Array {
  const { steps, batchSize, fillers } = plan;
  const indices = new Int32Array(steps * members.length * batchSize);
  members.forEach((rows, member) => {
    const order = Random.of(plan.seed, `epoch ${plan.epoch} part ${plan.part} member ${member}`).shuffle(
      rows.slice(),
    );
    for (let i = 0; i < steps * batchSize; i++) {
      const step = Math.floor(i / batchSize);
      const filler = fillers.first + member * fillers.perMember + ((i - order.length) % fillers.perMember);
      indices[(step * members.length + member) * batchSize + (i % batchSize)] = order[i] ?? filler;
    }
  });
  return indices;
}

/** The row indices of one step, [members, size], of those that `epochIndices` gives. */
export function stepIndices(
  epoch: Int32Array,
  { members, batchSize, size, step }: { members: number; batchSize: number; size: number; step: number },
): Int32Array {
  const whole = epoch.subarray(step * members * batchSize, (step + 1) * members * batchSize);
  if (size === batchSize) return whole;
  const short = new Int32Array(members * size);
  for (let member = 0; member < members; member++) {
    const from = member * batchSize;
    short.set(whole.subarray(from, from + size), member * size);
  }
  return short;
}
