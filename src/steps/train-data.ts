import type { FeaturesContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { Manifest } from '../workspace/manifest.js';
import type { Workspace } from '../workspace/workspace.js';
import { readSplit } from './features-dataset.js';
import type { MemberRows, TrainingRows } from '../training/data.js';
import { folds, sharedSplit } from '../training/data.js';

/** The rows of the train and validation splits in memory, training rows first, with the target in its own unit beside. */
export interface LoadedRows extends TrainingRows {
  readonly trainRows: number;
  /** [rows]: class index, or the target's own value. */
  readonly truth: Float64Array;
}

/**
 * Loads the train and validation splits of a feature set. The target is standardised for regression; weights have mean
 * 1 and include the class weights.
 * @throws AimaasError TOO_FEW_ROWS when there is nothing to train on.
 */
export async function loadRows(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
  classWeights: 'none' | 'balanced',
): Promise<LoadedRows> {
  const { splits, layout, target } = features.content;
  const width = layout.length;
  const rows = splits.train.rows + splits.validation.rows;
  if (splits.train.rows === 0) {
    throw new AimaasError('TOO_FEW_ROWS', 'The training split of the feature set has no rows.', {
      hint: 'aimaas preprocess --split 0.7,0.15,0.15',
    });
  }
  const x = new Float32Array(rows * width);
  const truth = new Float64Array(rows);
  const weight = new Float32Array(rows).fill(1);
  let at = 0;
  for (const split of ['train', 'validation'] as const) {
    for await (const shard of readSplit(workspace, features, split)) {
      x.set(shard.x, at * width);
      truth.set(shard.y, at);
      if (shard.weight !== null) weight.set(shard.weight, at);
      at += shard.y.length;
    }
  }
  if (classWeights === 'balanced' && target.task !== 'regression') {
    const factors = target.counts.map(
      (count) => splits.train.rows / (target.classes.length * Math.max(1, count)),
    );
    truth.forEach((label, row) => (weight[row] = (weight[row] as number) * (factors[label] as number)));
  }
  const mean = weight.reduce((sum, value) => sum + value, 0) / rows;
  if (mean > 0) weight.forEach((value, row) => (weight[row] = value / mean));
  const y =
    target.task === 'regression'
      ? Float32Array.from(truth, (value) => (value - target.mean) / target.standardDeviation)
      : Float32Array.from(truth);
  return { rows, width, x, y, weight, trainRows: splits.train.rows, truth };
}

/** Whether rows of the train and validation splits may be dealt out anew: not where groups, time or the user told them apart. */
export function mayMixSplits({ content }: Manifest<FeaturesContent>): boolean {
  return content.splitting.method === 'random' && !content.splitting.given.includes('validation');
}

/**
 * What each member learns from: with several members, all rows but a fold of their own; else the training split, with
 * the validation split held out.
 */
export function membersOf(
  loaded: LoadedRows,
  members: number,
  seed: number,
  mayMix: boolean,
  classes: boolean,
): MemberRows {
  if (members > 1 && mayMix) return folds(loaded.y, members, classes, seed);
  return sharedSplit(loaded.trainRows, loaded.rows, members);
}
