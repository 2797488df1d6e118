import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { FeaturesContent, TargetState } from '../../core/artifacts.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import type { StepContext } from '../../core/step.js';
import { baselineScores, computeMetrics } from '../../metrics/index.js';
import { Workspace } from '../../workspace/workspace.js';
import type { FoldResult } from './result.js';
import { checkAnswers, checkWeights, type JudgedRows, RowCollector, rowsOfSplit } from './rows.js';
import { withGaps } from './summary.js';
import type { Pipeline } from './fold-pipeline.js';
import { FoldReporters } from './fold-reporters.js';
import { assignFolds, writeFold } from './folds.js';
import { openPredictor } from '../predictor.js';
import { preprocessAs } from '../preprocess/preprocess.js';
import { train } from '../train/train.js';
import { optionsOfRun } from '../train/options.js';

interface FoldPlan {
  readonly count: number;
  readonly seed: number;
  readonly names: readonly string[];
}

/** Refits the pipeline for every fold, in a workspace of its own that is removed, and judges the rows of each. */
export async function runFolds(
  workspace: Workspace,
  pipeline: Pipeline,
  { count, seed, names }: FoldPlan,
  context: StepContext,
): Promise<{ folds: FoldResult[]; judged: JudgedRows }> {
  const { data, features } = pipeline;
  const fold = await assignFolds(workspace, data, features.content, count, seed, context.signal);
  const scratch = new Workspace(
    workspace.path('cache', `folds-${process.pid}-${randomBytes(4).toString('hex')}`),
  );
  await makeFolder(scratch.root);
  const collector = new RowCollector(features.content.target);
  const folds: FoldResult[] = [];
  const reporters = new FoldReporters(context.reporter, count);
  try {
    for (let index = 0; index < count; index++) {
      throwIfAborted(context.signal);
      const inner = { workspace: scratch.root, reporter: reporters.of(index), signal: context.signal };
      const parts = await writeFold(workspace, data, fold, index, scratch, inner);
      const judged = await judgeFold(scratch, pipeline, parts, inner).catch((error: unknown) => {
        throw ofFold(error, index, count);
      });
      checkWeights(judged, `fold ${index + 1}`);
      const { task } = judged.target;
      const baseline = baselineScores(judged.target, judged.row.length);
      folds.push({
        fold: index + 1,
        rows: judged.row.length,
        metrics: withGaps(names, computeMetrics(task, judged.truth, judged.scores, names, judged.weights)),
        baseline: withGaps(names, computeMetrics(task, judged.truth, baseline, names, judged.weights)),
      });
      const row = judged.row.map((inFold) => parts.testRows[inFold] as number);
      collector.add(judged.truth, judged.scores, row, judged.weights ?? null);
    }
    reporters.done();
  } catch (error) {
    reporters.fail();
    throw error;
  } finally {
    await rm(scratch.root, { recursive: true, force: true });
  }
  const foldOf = folds.flatMap(({ fold: number, rows }) => new Array<number>(rows).fill(number));
  return { folds, judged: { ...collector.finish(), fold: Int32Array.from(foldOf) } };
}

/** What ended a fold, without advice about its run, which is gone with it. */
function ofFold(error: unknown, index: number, count: number): unknown {
  if (!(error instanceof AimaasError)) return error;
  const which = `fold ${index + 1} of ${count}`;
  if (error.code === 'INTERRUPTED') {
    return new AimaasError(
      'INTERRUPTED',
      `Interrupted in ${which}; nothing of the cross-validation is kept.`,
      {
        cause: error,
      },
    );
  }
  if (error.code !== 'TRAINING_DIVERGED') return error;
  return new AimaasError('TRAINING_DIVERGED', `The loss became NaN or infinite in ${which}.`, {
    hint: 'Train with a smaller rate, then cross-validate that: aimaas train --learning-rate auto --clip-norm 1',
    cause: error,
  });
}

/** Refits everything on the rows outside the fold and answers those inside, in the terms of the whole data's target. */
async function judgeFold(
  scratch: Workspace,
  { run, plan, features, runFolder }: Pipeline,
  parts: Awaited<ReturnType<typeof writeFold>>,
  context: StepContext,
): Promise<JudgedRows> {
  const prepared = await preprocessAs(plan, parts.train, { testData: parts.test.id, isFold: true }, context);
  const trained = await train({ ...optionsOfRun(run, runFolder), features: prepared.id }, context);
  const predictor = await openPredictor(scratch.folder('run', trained.run));
  try {
    const fitted = await scratch.find<FeaturesContent>('features', prepared.id);
    const judged = await rowsOfSplit(scratch, fitted, 'test', predictor, context);
    checkAnswers(judged, false);
    return inTermsOf(features.content.target, judged);
  } finally {
    await predictor.dispose();
  }
}

/** A fold may know fewer classes than the whole data; the ones it does not know get probability 0. */
function inTermsOf(target: TargetState, judged: JudgedRows): JudgedRows {
  const own = judged.target;
  if (target.task === 'regression' || own.task === 'regression') return judged;
  const place = own.classes.map((name) => target.classes.indexOf(name));
  const spread = (of: readonly number[]): number[] => target.classes.map((_, c) => of[place.indexOf(c)] ?? 0);
  const counts = spread(own.counts);
  const weights = own.weights === undefined ? {} : { weights: spread(own.weights) };
  const rows = judged.row.length;
  const scores = new Float32Array(rows * target.classes.length);
  for (let row = 0; row < rows; row++) {
    place.forEach((c, i) => {
      if (c >= 0)
        scores[row * target.classes.length + c] = judged.scores[row * own.classes.length + i] as number;
    });
  }
  const truth = Int32Array.from(judged.truth, (label) => place[label] ?? 0);
  return { ...judged, target: { ...target, counts, ...weights }, truth, scores };
}
