import type { FeaturesContent, SplitName, TargetState } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import {
  folds,
  type MemberRows,
  sharedSplit,
  type TrainingPart,
  type TrainingRows,
} from '../../training/data.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { readSplit, type Shard } from '../features-dataset.js';

/** Megabytes of rows held at one time unless the user says otherwise: a fixed number, so that a run repeats anywhere. */
export const DEFAULT_MEMORY = 2048;

/** Copies of a row that exist while it is trained on. */
const COPIES = 2;

export interface DataOptions {
  readonly members: number;
  readonly seed: number;
  readonly classWeights: 'none' | 'balanced';
  /** Megabytes. */
  readonly memory: number;
}

/** What to learn from, and what to be validated on. */
export interface TrainingData {
  readonly parts: readonly TrainingPart[];
  /** The rows that the indices of `members.validation` are of. */
  readonly data: TrainingRows;
  readonly members: MemberRows;
  /** Class index or target in its own unit, by row of `data`. */
  readonly truth: Float64Array;
  /** The weight that the data give each row of `data`: metrics know nothing of class weights. */
  readonly given: Float32Array;
}

/** Whether rows of the train and validation splits may be dealt out anew: not where groups, time or the user told them apart. */
export function mayMixSplits({ content }: Manifest<FeaturesContent>): boolean {
  return content.splitting.method === 'random' && !content.splitting.given.includes('validation');
}

/**
 * The train and validation splits of a feature set for training. Rows that fit into memory are one part; with several
 * members each then holds out a fold of them all, unless the splits must be kept apart. Larger data is read shard by shard
 * in every epoch, and all members are validated on the validation split.
 * @throws AimaasError TOO_FEW_ROWS when there is nothing to train on.
 */
export async function openTrainingData(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
  options: DataOptions,
): Promise<TrainingData> {
  const { splits, layout, target } = features.content;
  if (splits.train.rows === 0) {
    throw new AimaasError('TOO_FEW_ROWS', 'The training split of the feature set has no rows.', {
      hint: 'aimaas preprocess --split 0.7,0.15,0.15',
    });
  }
  const rowBytes = 4 * COPIES * (layout.length + 2);
  const budget = Math.max(1, Math.floor((options.memory * 1024 * 1024) / rowBytes));
  const reader = new SplitReader(workspace, features, options);
  if (splits.train.rows + splits.validation.rows > budget)
    return streamed(reader, features.content, options, budget);
  const all = await reader.read(['train', 'validation'], splits.train.rows + splits.validation.rows);
  const mix = options.members > 1 && mayMixSplits(features);
  const members = mix
    ? folds(all.data.y, options.members, target.task !== 'regression', options.seed)
    : sharedSplit(splits.train.rows, all.data.rows, options.members);
  const part: TrainingPart = { members: members.train, rows: () => Promise.resolve(all.data) };
  return { ...all, members, parts: [part] };
}

/** Parts of whole shards, none larger than half of the budget where shards allow it; the other half is for validation. */
async function streamed(
  reader: SplitReader,
  content: FeaturesContent,
  options: DataOptions,
  budget: number,
): Promise<TrainingData> {
  const { train, validation } = content.splits;
  const held = await reader.read(['validation'], Math.min(validation.rows, Math.floor(budget / 2)));
  const perShard = Math.ceil(train.rows / train.shards.length);
  const shardsPerPart = Math.max(1, Math.floor(budget / 2 / perShard));
  const parts: TrainingPart[] = [];
  for (let first = 0; first < train.shards.length; first += shardsPerPart) {
    const last = Math.min(first + shardsPerPart, train.shards.length);
    const rows = Math.min(train.rows, last * perShard) - first * perShard;
    const { train: members } = sharedSplit(rows, rows, options.members);
    parts.push({ members, rows: async () => (await reader.readShards(first, last, rows)).data });
  }
  return { ...held, members: sharedSplit(0, held.data.rows, options.members), parts };
}

/** Reads rows of a feature set and brings target and weights into the form training takes. */
class SplitReader {
  private readonly workspace: Workspace;
  private readonly features: Manifest<FeaturesContent>;
  private readonly classFactors: readonly number[] | undefined;

  constructor(workspace: Workspace, features: Manifest<FeaturesContent>, options: DataOptions) {
    this.workspace = workspace;
    this.features = features;
    const { target, splits } = features.content;
    if (options.classWeights === 'balanced' && target.task !== 'regression') {
      const { counts } = target;
      this.classFactors = counts.map((count) => splits.train.rows / (counts.length * Math.max(1, count)));
    }
  }

  /** The first `rows` rows of the splits, one after the other. */
  async read(names: readonly SplitName[], rows: number): Promise<Loaded> {
    const into = this.empty(rows);
    for (const name of names) {
      for await (const shard of readSplit(this.workspace, this.features, name)) into.add(shard);
    }
    return into.finish();
  }

  /** The training shards from `first` up to but not including `last`. */
  async readShards(first: number, last: number, rows: number): Promise<Loaded> {
    const into = this.empty(rows);
    const { content } = this.features;
    const shards = content.splits.train.shards.slice(first, last);
    const some = { ...content, splits: { ...content.splits, train: { rows, shards } } };
    for await (const shard of readSplit(this.workspace, { ...this.features, content: some }, 'train'))
      into.add(shard);
    return into.finish();
  }

  private empty(rows: number): RowBuffer {
    const { layout, target } = this.features.content;
    return new RowBuffer(rows, layout.length, target, this.classFactors);
  }
}

type Loaded = Pick<TrainingData, 'data' | 'truth' | 'given'>;

/** Gathers shards into arrays of a known number of rows. */
class RowBuffer {
  private readonly rows: number;
  private readonly width: number;
  private readonly target: TargetState;
  private readonly classFactors: readonly number[] | undefined;
  private readonly x: Float32Array;
  private readonly truth: Float64Array;
  private readonly given: Float32Array;
  private filled = 0;

  constructor(rows: number, width: number, target: TargetState, classFactors: readonly number[] | undefined) {
    this.rows = rows;
    this.width = width;
    this.target = target;
    this.classFactors = classFactors;
    this.x = new Float32Array(rows * width);
    this.truth = new Float64Array(rows);
    this.given = new Float32Array(rows).fill(1);
  }

  /** Rows beyond the number asked for are left out. */
  add(shard: Shard): void {
    const count = Math.min(shard.y.length, this.rows - this.filled);
    this.x.set(shard.x.subarray(0, count * this.width), this.filled * this.width);
    this.truth.set(shard.y.subarray(0, count), this.filled);
    if (shard.weight !== null) this.given.set(shard.weight.subarray(0, count), this.filled);
    this.filled += count;
  }

  finish(): Loaded {
    const { rows, width, x, truth, given, target, classFactors } = this;
    const weight =
      classFactors === undefined
        ? given
        : given.map((value, row) => value * (classFactors[truth[row] as number] as number));
    const y =
      target.task === 'regression'
        ? Float32Array.from(truth, (value) => (value - target.mean) / target.standardDeviation)
        : Float32Array.from(truth);
    return { data: { rows, width, x, y, weight }, truth, given };
  }
}
