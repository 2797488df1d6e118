import { EXIT } from '../core/error-codes.js';
import type { JsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { thresholdsMessage } from '../core/threshold.js';
import type { CollectOptions, CollectResult } from './collect/collect.js';
import type { EvaluateOptions, EvaluateResult } from './evaluate/evaluate.js';
import type { ExportOptions, ExportResult } from './export/export.js';
import type { PipelineStep } from './pipeline-record.js';
import type { PreprocessOptions, PreprocessResult } from './preprocess/preprocess.js';
import { runPipeline, type RunPipelineResult, type Stage, type StageFailure } from './run.js';
import type { TrainResult } from './train/train.js';
import type { TrainOptions } from './train/options.js';

export interface RunOptions {
  /** Files, globs or addresses. */
  readonly sources: readonly string[];
  /** The column to predict. */
  readonly target: string;
  readonly collect?: Omit<CollectOptions, 'sources' | 'target' | 'force'> | undefined;
  readonly preprocess?: Omit<PreprocessOptions, 'data' | 'force'> | undefined;
  readonly train?: Omit<TrainOptions, 'features' | 'force'> | undefined;
  /** Thresholds (`failUnder`) that are not met end the run before the export. */
  readonly evaluate?: Omit<EvaluateOptions, 'run' | 'force' | 'folds'> | undefined;
  readonly export?: Omit<ExportOptions, 'run' | 'force'> | undefined;
  /** The last step to do. Default: export. */
  readonly until?: PipelineStep | undefined;
  /** Every step is done again, also where nothing changed. */
  readonly force?: boolean | undefined;
}

export type RunResult = Pick<RunPipelineResult, 'schemaVersion' | 'model' | 'failure'> & {
  /** What each step gave; null for steps that were not reached. */
  readonly collect: CollectResult | null;
  readonly preprocess: PreprocessResult | null;
  readonly train: TrainResult | null;
  readonly evaluate: EvaluateResult | null;
  readonly export: ExportResult | null;
};

/** The results of the steps by name, as they come. */
type Results = { -readonly [step in PipelineStep]: RunResult[step] };

/**
 * From data to an exported model, as `aimaas run` goes: collect, preprocess, train, evaluate, export, of which each does
 * nothing where its result is there already.
 * @throws AimaasError what the steps throw. A threshold that is not met is no error: see `failure`.
 */
export async function run(options: RunOptions, context: StepContext): Promise<RunResult> {
  const results: Results = { collect: null, preprocess: null, train: null, evaluate: null, export: null };
  const { until, force } = options;
  const { model, failure } = await runPipeline({ stages: stagesOf(options, results), until, force }, context);
  return { schemaVersion: 1, ...results, model, failure };
}

function stagesOf(options: RunOptions, results: Results): Stage[] {
  const { force } = options;
  const stage = (
    step: PipelineStep,
    execute: (context: StepContext) => Promise<JsonObject>,
    failureOf: () => StageFailure | undefined = () => undefined,
  ): Stage => ({
    step,
    settings: undefined,
    async execute(context) {
      const result = await execute(context);
      const failure = failureOf();
      return failure === undefined ? { result } : { result, failure };
    },
  });
  return [
    stage('collect', async (context) => {
      const { collect } = await import('./collect/collect.js');
      const { sources, target } = options;
      return (results.collect = await collect({ ...options.collect, sources, target, force }, context));
    }),
    stage('preprocess', async (context) => {
      const { preprocess } = await import('./preprocess/preprocess.js');
      const data = results.collect?.id;
      return (results.preprocess = await preprocess({ ...options.preprocess, data, force }, context));
    }),
    stage('train', async (context) => {
      const { train } = await import('./train/train.js');
      const features = results.preprocess?.id;
      return (results.train = await train({ ...options.train, features, force }, context));
    }),
    stage(
      'evaluate',
      async (context) => {
        const { evaluate } = await import('./evaluate/evaluate.js');
        return (results.evaluate = await evaluate(
          { ...options.evaluate, run: results.train?.run, force },
          context,
        ));
      },
      () => {
        const message = thresholdsMessage(results.evaluate?.thresholds ?? []);
        return message === undefined ? undefined : { exitCode: EXIT.threshold, message };
      },
    ),
    stage('export', async (context) => {
      const { exportModel } = await import('./export/export.js');
      return (results.export = await exportModel(
        { ...options.export, run: results.train?.run, force },
        context,
      ));
    }),
  ];
}
