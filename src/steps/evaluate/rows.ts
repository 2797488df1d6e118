import type { FeaturesContent, SplitName, TargetState } from '../../core/artifacts.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { allFinite, type Truth } from '../../metrics/index.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { readSplit } from '../features-dataset.js';
import type { OpenedPredictor } from '../predictor.js';

/** Rows given to the network at once: enough to be fast, few enough that memory does not depend on the data. */
const CHUNK_ROWS = 8_192;

/** Rows with what is true and what the model answers. */
export interface JudgedRows {
  readonly target: TargetState;
  /** [rows]: class index, or the value in the target's own unit. */
  readonly truth: Truth;
  /** [rows, outputs]: probabilities, or the value. */
  readonly scores: Float32Array;
  /** [rows]: 0-based number of the row where it came from. */
  readonly row: Int32Array;
  readonly weights: Float32Array | undefined;
  /** Which fold, from 1, each row was held out in; only of a cross-validation. */
  readonly fold?: Int32Array;
}

/** Gathers rows part by part. */
export class RowCollector {
  private readonly parts: {
    readonly truth: Truth;
    readonly scores: Float32Array;
    readonly row: Int32Array;
    readonly weights: Float32Array | null;
  }[] = [];
  private readonly target: TargetState;

  constructor(target: TargetState) {
    this.target = target;
  }

  add(truth: Truth, scores: Float32Array, row: Int32Array, weights: Float32Array | null): void {
    this.parts.push({ truth, scores, row, weights });
  }

  finish(): JudgedRows {
    const rows = this.parts.reduce((sum, part) => sum + part.row.length, 0);
    const width = this.target.task === 'regression' ? 1 : this.target.classes.length;
    const truth = this.target.task === 'regression' ? new Float64Array(rows) : new Int32Array(rows);
    const scores = new Float32Array(rows * width);
    const row = new Int32Array(rows);
    const weighted = this.parts.some((part) => part.weights !== null);
    const weights = weighted ? new Float32Array(rows).fill(1) : undefined;
    let at = 0;
    for (const part of this.parts) {
      truth.set(part.truth, at);
      scores.set(part.scores, at * width);
      row.set(part.row, at);
      if (part.weights !== null) weights?.set(part.weights, at);
      at += part.row.length;
    }
    return { target: this.target, truth, scores, row, weights };
  }
}

/** The rows of a split of a feature set, answered by the model. */
export async function rowsOfSplit(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
  split: SplitName,
  predictor: OpenedPredictor,
  context: StepContext,
): Promise<JudgedRows> {
  const { target, layout, splits } = features.content;
  if (!sameTarget(target, predictor.target) || predictor.features.layout.length !== layout.length) {
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `The model was not made from feature set ${features.id}: its ${predictor.features.layout.length} features or its target differ.`,
      { hint: 'Name the data to evaluate on: aimaas evaluate --data FILE' },
    );
  }
  const bar = context.reporter.progress({
    title: `Evaluating on the ${split} split`,
    total: splits[split].rows,
    unit: 'rows',
  });
  const collector = new RowCollector(target);
  let done = 0;
  for await (const shard of readSplit(workspace, features, split)) {
    for (let from = 0; from < shard.row.length; from += CHUNK_ROWS) {
      throwIfAborted(context.signal);
      const to = Math.min(shard.row.length, from + CHUNK_ROWS);
      const matrix = shard.x.subarray(from * layout.length, to * layout.length);
      collector.add(
        shard.y.subarray(from, to),
        await predictor.scoresOfFeatures(matrix),
        shard.row.subarray(from, to),
        shard.weight?.subarray(from, to) ?? null,
      );
      done += to - from;
      bar.update(done);
    }
  }
  bar.done();
  return collector.finish();
}

function sameTarget(a: TargetState, b: TargetState): boolean {
  if (a.column !== b.column || a.task !== b.task) return false;
  if (a.task === 'regression' || b.task === 'regression') return true;
  return a.classes.length === b.classes.length && a.classes.every((name, i) => name === b.classes[i]);
}

/**
 * @throws AimaasError ARTIFACT_CORRUPT (COLUMN_VALUE on new data) when an answer is NaN or infinite: metrics of such
 * answers would mean nothing.
 */
export function checkAnswers(rows: JudgedRows, isNewData: boolean): void {
  if (allFinite(rows.scores)) return;
  const width = rows.scores.length / rows.row.length;
  const bad = new Set<number>();
  rows.scores.forEach((score, i) => {
    if (!Number.isFinite(score)) bad.add(Math.floor(i / width));
  });
  const [first = 0] = bad;
  const number = (rows.row[first] ?? 0) + 1;
  throw new AimaasError(
    isNewData ? 'COLUMN_VALUE' : 'ARTIFACT_CORRUPT',
    `The model answers NaN or infinity for ${bad.size} of ${rows.row.length} rows, first for row ${number}; finite answers were expected.`,
    {
      hint: isNewData
        ? `Look at row ${number} for numbers far outside what the model was trained on.`
        : 'Train again with a lower learning rate: aimaas train --learning-rate 0.0001',
      details: { rows: bad.size, firstRow: number },
    },
  );
}

/** @throws AimaasError COLUMN_VALUE when no row counts: metrics weighted by nothing would mean nothing. */
export function checkWeights({ weights }: JudgedRows, where: string): void {
  if (weights === undefined || weights.length === 0 || weights.some((weight) => weight > 0)) return;
  throw new AimaasError(
    'COLUMN_VALUE',
    `The weight is 0 in all ${weights.length} rows of ${where}, so none of them counts; weights above 0 were expected.`,
    {
      hint: 'Choose another --weight-column in aimaas preprocess, or other rows: aimaas evaluate --data FILE',
      details: { rows: weights.length },
    },
  );
}
