import type { RunContent } from '../../core/artifacts.js';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VERSION } from '../../core/version.js';
import {
  areaUnderRoc,
  averagePrecision,
  calibrationCurve,
  ClassificationRows,
  metrics as allMetrics,
  precisionRecallCurve,
  RegressionRows,
  rocCurve,
  type Rows,
} from '../../metrics/index.js';
import {
  calibrationPlot,
  type ClassCurve,
  confusionPlot,
  type EpochRecord,
  errorDistributionPlot,
  formatCount,
  learningCurvePlot,
  LIGHT,
  type Plot,
  precisionRecallPlot,
  predictedVersusTruePlot,
  renderReport,
  type Report,
  type ReportTable,
  residualsPlot,
  rocPlot,
  toPng,
} from '../../report/index.js';
import type { JudgedRows } from './rows.js';
import type { FoldsResult } from './result.js';
import { metricRows, type Summary } from './summary.js';
import type { WorstRows } from './worst.js';

/** More classes than this are not each given a curve of their own. */
const MOST_CURVES = 30;

/** Every plot the rows and the run's history give. */
function plotsOf(
  judged: JudgedRows,
  rows: Rows,
  summary: Summary,
  history: readonly EpochRecord[],
  bestEpoch: number | undefined,
): Plot[] {
  const { target } = judged;
  const plots: (Plot | undefined)[] = [];
  if (target.task !== 'regression' && rows instanceof ClassificationRows) {
    const { classes } = target;
    const indices = classes.length === 2 ? [1] : mostFrequent(summary);
    const curves = (
      points: (rows: ClassificationRows, c: number) => ClassCurve['points'],
      area: (rows: ClassificationRows, c: number) => number,
    ) =>
      indices.map((c): ClassCurve => {
        const value = area(rows, c);
        return {
          className: classes[c] ?? String(c),
          points: points(rows, c),
          area: Number.isNaN(value) ? undefined : value,
          share: (summary.classes[c]?.support ?? 0) / Math.max(1e-300, totalSupport(summary)),
        };
      });
    plots.push(
      ...(summary.confusion === null ? [] : [confusionPlot(classes, summary.confusion.matrix)]),
      rocPlot(curves(rocCurve, areaUnderRoc)),
      precisionRecallPlot(curves(precisionRecallCurve, averagePrecision)),
      calibrationPlot(calibrationCurve(rows), classes.length === 2 ? classes[1] : undefined),
    );
  } else if (rows instanceof RegressionRows && rows.rows > 0) {
    plots.push(
      predictedVersusTruePlot(target.column, rows.truth, rows.predicted),
      residualsPlot(target.column, rows.truth, rows.predicted),
      errorDistributionPlot(target.column, rows.truth, rows.predicted),
    );
  }
  plots.push(learningCurvePlot(history, bestEpoch));
  return plots.filter((plot) => plot !== undefined);
}

function totalSupport(summary: Summary): number {
  return summary.classes.reduce((sum, one) => sum + one.support, 0);
}

function mostFrequent(summary: Summary): number[] {
  return [...summary.classes.keys()]
    .sort((a, b) => (summary.classes[b]?.support ?? 0) - (summary.classes[a]?.support ?? 0))
    .slice(0, MOST_CURVES);
}

/** What a report is made of. */
export interface ReportContent {
  readonly judged: JudgedRows;
  readonly summary: Summary;
  readonly worst: WorstRows;
  readonly history: readonly EpochRecord[];
  /** Cross-validation only. */
  readonly folds: FoldsResult | null;
  /** "run 3fa2b1c0d9e8" or "model penguins/3". */
  readonly subject: string;
  /** "the test split of penguins" or "new.csv". */
  readonly where: string;
  readonly warnings: readonly string[];
  readonly run: RunContent | undefined;
}

/** Writes report.html and every plot as SVG and PNG; gives the names of the files. */
export async function writeReport(folder: string, content: ReportContent): Promise<string[]> {
  const { judged, summary, history, run } = content;
  const plots = plotsOf(judged, metricRows(judged), summary, history, run?.bestEpoch);
  const files: string[] = [];
  const save = async (name: string, data: string | Uint8Array): Promise<void> => {
    await writeFile(join(folder, name), data);
    files.push(name);
  };
  await save('report.html', renderReport(reportOf(content, plots)));
  for (const plot of plots) {
    const svg = plot.svg(LIGHT);
    await save(`${plot.name}.svg`, svg);
    await save(`${plot.name}.png`, await toPng(svg));
  }
  return files;
}

function reportOf(content: ReportContent, plots: readonly Plot[]): Report {
  const { judged, summary, worst } = content;
  const { target } = judged;
  const about = new Map<string, ReturnType<typeof allMetrics>[number]>(
    allMetrics().map((metric) => [metric.name, metric]),
  );
  const isWeighted =
    judged.weights !== undefined || (target.task !== 'regression' && target.weights !== undefined);
  const by = isWeighted ? ' by weight' : '';
  const trivial =
    target.task === 'regression'
      ? `The baseline always answers ${Number(target.mean.toPrecision(6))}, the mean of the training rows${by}.`
      : `The baseline always answers with the class frequencies of the training rows${by}, so it predicts “${mostFrequentClass(target)}”.`;
  return {
    title: `Evaluation of ${content.subject}`,
    summary: `${formatCount(summary.rows)} rows of ${content.where}; predicts ${target.column} (${target.task}).`,
    warnings: content.warnings,
    metrics: Object.entries(summary.metrics).map(([name, value]) => ({
      name,
      description: about.get(name)?.description ?? '',
      value,
      baseline: summary.baseline[name] ?? null,
      interval: summary.intervals[name] ?? null,
      direction: about.get(name)?.direction ?? 'maximize',
    })),
    baseline: trivial,
    intervals:
      summary.bootstrap === null
        ? undefined
        : `Intervals: bootstrap percentiles of ${formatCount(summary.bootstrap.resamples)} resamples of the rows; they say how much the metric depends on which rows were judged.`,
    classes: summary.classes,
    confusion: summary.confusion ?? undefined,
    plots,
    folds:
      content.folds === null ? undefined : foldsTable(content.folds, Object.keys(summary.metrics), summary),
    worst: { caption: worstCaption(target.task), table: worstTable(judged, worst) },
    facts: [
      ['Evaluated', content.subject],
      ['On', content.where],
      ...runFacts(content.run),
      ['Made by', `aimaas ${VERSION}, ${new Date().toISOString()}`],
    ],
  };
}

/** A row a fold, then the mean and the standard deviation. */
function foldsTable(
  { folds, standardDeviation }: FoldsResult,
  names: readonly string[],
  summary: Summary,
): ReportTable {
  return {
    headings: ['Fold', 'Rows', ...names],
    rows: [
      ...folds.map((fold) => [fold.fold, fold.rows, ...names.map((name) => fold.metrics[name] ?? null)]),
      ['Mean', null, ...names.map((name) => summary.metrics[name] ?? null)],
      ['Standard deviation', null, ...names.map((name) => standardDeviation[name] ?? null)],
    ],
  };
}

function mostFrequentClass(target: {
  readonly classes: readonly string[];
  readonly counts: readonly number[];
  readonly weights?: readonly number[];
}): string {
  const counts = target.weights ?? target.counts;
  return target.classes[counts.indexOf(Math.max(...counts))] ?? '';
}

function runFacts(run: RunContent | undefined): [string, string][] {
  if (run === undefined) return [];
  return [
    [
      'Model',
      `${run.model.family}, ${formatCount(run.parameters)} parameters, ${formatCount(run.epochs)} epochs`,
    ],
    ['Trained on', `${run.dataName} (data ${run.data}, features ${run.features})`],
  ];
}

function worstCaption(task: string): string {
  return task === 'regression'
    ? 'The rows with the largest errors'
    : 'The rows whose true class was given the lowest probability';
}

function worstTable(judged: JudgedRows, worst: WorstRows): ReportTable {
  const { target } = judged;
  const own =
    target.task === 'regression'
      ? ['Row', `True ${target.column}`, 'Predicted', 'Error']
      : ['Row', `True ${target.column}`, 'Predicted', 'Probability of the true class'];
  return {
    headings: [...own, ...worst.columns],
    rows: worst.rows.map((row) => [row.number, row.truth, row.prediction, row.measure, ...row.cells]),
  };
}
