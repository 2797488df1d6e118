import { defineCommand, type Style } from '../cli/command.js';
import { formatNumber } from '../cli/format.js';
import { EXIT } from '../core/error-codes.js';
import { METRIC_NAMES } from '../core/metric-names.js';
import { thresholdsMessage } from '../core/threshold.js';
import type { EvaluateResult } from '../steps/evaluate/evaluate.js';
import { TRUST_OPTIONS, trustOf } from './trust-options.js';
import { METRIC } from './text-forms.js';

/** The metric -q prints when none is named. */
function headline(result: EvaluateResult): string {
  return result.task === 'regression' ? 'r2' : 'accuracy';
}

function metricsTable(result: EvaluateResult, style: Style): string {
  const hasIntervals = Object.keys(result.intervals).length > 0;
  const deviations = result.folds?.standardDeviation;
  const headings = [
    'metric',
    deviations === undefined ? 'model' : 'mean',
    ...(deviations === undefined ? [] : ['± deviation']),
    ...(hasIntervals ? ['95 % interval'] : []),
    'baseline',
  ];
  const rows = Object.entries(result.metrics).map(([name, value]) => {
    const interval = result.intervals[name];
    return [
      name,
      value,
      ...(deviations === undefined ? [] : [deviations[name] ?? null]),
      ...(hasIntervals
        ? [interval === undefined ? null : `${formatNumber(interval[0])} – ${formatNumber(interval[1])}`]
        : []),
      result.baseline[name] ?? null,
    ];
  });
  return style.table(headings, rows);
}

function foldsTable(result: EvaluateResult, style: Style): string[] {
  if (result.folds === null) return [];
  const names = Object.keys(result.metrics).slice(0, 6);
  const rows = result.folds.folds.map((fold) => [
    String(fold.fold),
    fold.rows,
    ...names.map((name) => fold.metrics[name] ?? null),
  ]);
  return [style.table(['fold', 'rows', ...names], rows)];
}

function subject(result: EvaluateResult): string {
  const { on, model, run, folds } = result;
  const what =
    model === null ? `run ${run ?? 'outside the workspace'}` : `model ${model.name}/${model.version}`;
  const rows = `${formatNumber(on.rows)} rows`;
  if (folds !== null) return `The pipeline of ${what}, refitted for ${folds.folds.length} folds: ${rows}`;
  const where = on.data === null ? `the ${on.split ?? ''} split` : on.data.location;
  return `${what} on ${rows} of ${where}`;
}

export default defineCommand({
  name: 'evaluate',
  summary: 'Judge a model on rows it has not seen, beside the trivial baseline',
  description: [
    'Judges the current run on its test split, or on new data that has the target. Every metric stands beside that of the trivial baseline (the class frequencies, or the mean, of the training rows, by weight if they have weights) and has a 95 % bootstrap interval. Predictions, plots (SVG and PNG) and report.html, which opens offline, go into the folder of the run.',
    'With --folds the whole pipeline is refitted for every fold, with the options of the run, and nothing leaks: the answer to how good this recipe is, where the rows are few.',
    'Metric names are those of scikit-learn’s scorers without neg_: accuracy, balanced_accuracy, mcc, precision, recall, f1 (two classes; for more f1_macro, f1_micro, f1_weighted), roc_auc, average_precision, log_loss, brier, ece; rmse, mse, mae, median_absolute_error, mape, r2, explained_variance.',
  ].join('\n\n'),
  examples: [
    { command: 'aimaas evaluate', does: 'judge the current run on its test split' },
    { command: 'aimaas evaluate --data new.csv', does: 'judge it on new rows that have the target' },
    { command: 'f1=$(aimaas evaluate --metric f1 -q)', does: 'one number for a shell; writes nothing' },
    {
      command: 'aimaas evaluate --fail-under accuracy=0.9 --fail-under log_loss=0.4',
      does: 'exit 5 unless accuracy is at least 0.9 and the loss at most 0.4',
    },
    { command: 'aimaas evaluate --folds 5', does: 'cross-validate the whole pipeline' },
  ],
  arguments: [],
  options: {
    run: {
      type: 'string',
      placeholder: 'MODEL',
      description: 'Run id, or a model: name, name@alias, name/version, path of a bundle',
      defaultText: 'the current run',
      commandLineOnly: true,
    },
    data: {
      type: 'string',
      placeholder: 'FILE',
      description: 'New data with the target column: file, glob, URL, or - for stdin',
      defaultText: 'the test split',
      commandLineOnly: true,
    },
    metric: {
      type: 'string',
      form: METRIC,
      placeholder: 'NAME',
      repeatable: true,
      description: 'Only this metric; nothing is written then, unless --output or --predictions is given',
      commandLineOnly: true,
    },
    failUnder: {
      type: 'string',
      form: {
        name: { of: METRIC_NAMES, what: 'metric' },
        number: {},
        expected: 'METRIC=NUMBER, such as accuracy=0.9',
      },
      placeholder: 'NAME=VALUE',
      repeatable: true,
      description:
        'Exit 5 if a metric is worse than VALUE: under it, or over it for losses and errors (log_loss, rmse …)',
    },
    folds: {
      type: 'integer',
      placeholder: 'K',
      minimum: 2,
      maximum: 1000,
      description: 'Cross-validate the whole pipeline with K folds',
      commandLineOnly: true,
    },
    output: {
      type: 'string',
      placeholder: 'DIR',
      description: 'Folder for the results',
      defaultText: 'in the run',
    },
    predictions: {
      type: 'string',
      choices: ['csv', 'parquet'],
      placeholder: 'FORMAT',
      description: 'Format of the file of predictions: csv or parquet',
      defaultText: 'csv',
    },
    bootstrap: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      maximum: 100_000,
      description: 'Resamples for the intervals; 0 for none',
      defaultText: '1000',
    },
    noBootstrap: { type: 'boolean', description: 'No intervals; the same as --bootstrap 0' },
    noPlots: { type: 'boolean', description: 'No plots and no report' },
    seed: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      maximum: 4_294_967_295,
      description: 'Seed of the resampling and of the folds',
      defaultText: '0',
    },
    threads: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      maximum: 256,
      description: 'Threads inside an operation of the network',
      defaultText: '1',
      advanced: true,
    },
    force: { type: 'boolean', description: 'Evaluate again even if nothing changed' },
    ...TRUST_OPTIONS,
  },
  async run(_, options, context): Promise<EvaluateResult> {
    const { evaluate } = await import('../steps/evaluate/evaluate.js');
    // Nobody sees intervals where a bare number is printed, so they are not worth waiting for.
    const bare = context.quiet && !context.json && options.metric !== undefined;
    return evaluate(
      {
        trust: trustOf(options, context),
        run: options.run,
        data: options.data,
        stdin: context.stdin,
        metrics: options.metric,
        failUnder: options.failUnder,
        folds: options.folds,
        output: options.output,
        predictions: options.predictions,
        bootstrap: options.noBootstrap === true || bare ? 0 : options.bootstrap,
        plots: options.noPlots !== true,
        seed: options.seed,
        threads: options.threads,
        force: options.force,
      },
      context,
    );
  },
  render(result, style) {
    const failed = result.thresholds.filter(({ met }) => !met).length;
    const thresholds =
      result.thresholds.length === 0
        ? []
        : [
            result.thresholds
              .map(({ metric, limit, direction, value, met }) => {
                const mark = met ? style.green('met') : style.red('not met');
                const sign = direction === 'maximize' ? '≥' : '≤';
                return `${metric} ${sign} ${limit}: ${mark} (${value === null ? 'undefined' : formatNumber(value)})`;
              })
              .join('\n'),
          ];
    const report = result.files.includes('report.html') ? 'report.html' : 'metrics.json';
    const written =
      result.output === null
        ? []
        : [`${result.upToDate ? 'Up to date' : 'Written'}: ${result.output}/${report}`];
    const next = failed > 0 ? 'aimaas optimize' : result.folds === null ? 'aimaas export' : 'aimaas evaluate';
    return [
      subject(result),
      metricsTable(result, style),
      ...foldsTable(result, style),
      ...thresholds,
      ...written,
      `Next: ${style.bold(next)}`,
    ].join('\n\n');
  },
  quiet(result) {
    const names = Object.keys(result.metrics);
    // Without --metric the result has all metrics of the task.
    const shown =
      result.asked.length > 0 ? result.asked : [headline(result)].filter((name) => names.includes(name));
    return shown.map((name) => String(result.metrics[name] ?? 'nan')).join('\n');
  },
  verdict(result) {
    const message = thresholdsMessage(result.thresholds);
    return message === undefined ? undefined : { exitCode: EXIT.threshold, message };
  },
});
