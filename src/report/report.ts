import { cell, figures, type PageContent, renderPage, type ReportTable, table } from './page.js';
import type { Plot } from './plot.js';
import { escapeText } from './svg.js';
import { formatNumber } from './text.js';

export type ReportMetric = {
  readonly name: string;
  readonly description: string;
  /** null where the rows do not define it. */
  readonly value: number | null;
  readonly baseline: number | null;
  readonly interval: readonly [number, number] | null;
  readonly direction: 'maximize' | 'minimize';
};

export type ReportClass = {
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows truly of the class. */
  readonly support: number;
  /** Rows predicted to be of the class. */
  readonly predicted: number;
};

/** What the page shows. */
export interface Report extends PageContent {
  readonly metrics: readonly ReportMetric[];
  /** What the baseline is, in words. */
  readonly baseline: string;
  /** How the intervals were made, in words; undefined without intervals. */
  readonly intervals: string | undefined;
  readonly classes: readonly ReportClass[];
  readonly confusion:
    { readonly classes: readonly string[]; readonly matrix: readonly (readonly number[])[] } | undefined;
  readonly plots: readonly Plot[];
  /** Cross-validation only: every fold, its mean and deviation. */
  readonly folds: ReportTable | undefined;
  readonly worst: { readonly caption: string; readonly table: ReportTable } | undefined;
}

/** More classes than this would make a table nobody reads. */
const MOST_TABLE_CLASSES = 30;

/** Whether the model is better than the baseline by this metric: the words, not only a colour. */
function verdict(metric: ReportMetric): string {
  const { value, baseline, direction } = metric;
  if (value === null || baseline === null) return '<td class="missing">–</td>';
  const gain = direction === 'maximize' ? value - baseline : baseline - value;
  if (Math.abs(gain) < 1e-12) return '<td>same</td>';
  return gain > 0 ? '<td class="better">better</td>' : '<td class="worse">worse</td>';
}

function metricsTable(report: Report): string {
  const rows = report.metrics.map((metric) => {
    const interval =
      metric.interval === null
        ? '<td class="missing">–</td>'
        : `<td class="number">${formatNumber(metric.interval[0])} – ${formatNumber(metric.interval[1])}</td>`;
    const arrow = metric.direction === 'maximize' ? 'higher is better' : 'lower is better';
    return `<tr><th scope="row"><code>${escapeText(metric.name)}</code><small>${escapeText(metric.description)}; ${arrow}</small></th>${cell(metric.value).replace('class="number"', 'class="number value"')}${report.intervals === undefined ? '' : interval}${cell(metric.baseline)}${verdict(metric)}</tr>`;
  });
  const interval = report.intervals === undefined ? '' : '<th scope="col" class="number">95 % interval</th>';
  const notes = [report.baseline, ...(report.intervals === undefined ? [] : [report.intervals])];
  return `<section><h2>Metrics</h2><div class="scroll" tabindex="0" role="region" aria-label="Metrics"><table><caption>Metrics of the model and of the trivial baseline</caption><thead><tr><th scope="col">Metric</th><th scope="col" class="number">Model</th>${interval}<th scope="col" class="number">Baseline</th><th scope="col">Model is</th></tr></thead><tbody>${rows.join('')}</tbody></table></div><p class="note">${notes.map(escapeText).join(' ')}</p></section>`;
}

function folds(report: Report): string {
  if (report.folds === undefined) return '';
  return `<section><h2>Folds</h2>${table('Each fold, judged by the model that did not see it', report.folds)}</section>`;
}

function classes(report: Report): string {
  if (report.classes.length === 0) return '';
  const rows = report.classes.map((one) => [
    one.name,
    one.precision,
    one.recall,
    one.f1,
    one.support,
    one.predicted,
  ]);
  const headings = ['Class', 'Precision', 'Recall', 'F1', 'True rows', 'Predicted rows'];
  return `<section><h2>Classes</h2>${table('Each class against the rest', { headings, rows })}</section>`;
}

/** The same numbers as the plot, for those who read a table better. */
function confusionTable(report: Report): string {
  const { confusion } = report;
  if (confusion === undefined || confusion.classes.length > MOST_TABLE_CLASSES) return '';
  const headings = ['True class', ...confusion.classes.map((name) => `→ ${name}`)];
  const rows = confusion.classes.map((name, t) => [name, ...(confusion.matrix[t] ?? [])]);
  return `<section><details><summary>Confusion matrix as a table</summary>${table('Rows of each true class (down) by predicted class (across)', { headings, rows })}</details></section>`;
}

function worst(report: Report): string {
  if (report.worst === undefined || report.worst.table.rows.length === 0) return '';
  return `<section><h2>Worst errors</h2>${table(report.worst.caption, report.worst.table)}</section>`;
}

/** The report of an evaluation as one HTML page (see page.ts); every number of a plot is also in a table. */
export function renderReport(report: Report): string {
  return renderPage(report, [
    metricsTable(report),
    folds(report),
    figures(report.plots),
    classes(report),
    confusionTable(report),
    worst(report),
  ]);
}
