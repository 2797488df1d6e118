import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../../core/make-folder.js';
import type { BinLabel, ColumnDrift } from '../../drift/index.js';
import { type DriftRow, groupedBarsPlot, LIGHT, type Plot, renderDriftReport } from '../../report/index.js';
import { storageError, writeFileAtomic, writeJsonAtomic } from '../../workspace/atomic.js';
import type { MonitorResult } from './result.js';

/** Plots drawn of the columns that moved furthest. */
const MOST_PLOTS = 30;

/**
 * Writes report.html, a plot of every column and drift.json.
 * @returns the result with the names of the files.
 * @throws AimaasError STORAGE when the folder cannot be written.
 */
export async function writeMonitorReport(output: string, result: MonitorResult): Promise<MonitorResult> {
  const folder = resolve(output);
  const plots = [
    ...result.predictions.map((column) => plotOf(column, 'prediction')),
    ...result.inputs.slice(0, MOST_PLOTS).map((column, i) => plotOf(column, `input-${i + 1}`)),
  ];
  const files = ['report.html', 'drift.json', ...plots.map((plot) => `${plot.name}.svg`)];
  const written = { ...result, output: folder, files };
  try {
    await makeFolder(folder);
    for (const plot of plots) await writeFile(join(folder, `${plot.name}.svg`), plot.svg(LIGHT));
    await writeFileAtomic(join(folder, 'report.html'), pageOf(result, plots));
    await writeJsonAtomic(join(folder, 'drift.json'), written);
  } catch (error) {
    throw storageError(error, folder, 'name another folder with --output');
  }
  return written;
}

function pageOf(result: MonitorResult, plots: readonly Plot[]): string {
  const { model, current, reference, thresholds } = result;
  const name = model.version === null ? model.name : `${model.name}/${model.version}`;
  const moved = result.inputs.filter(({ level, judged }) => judged && level === 'major').length;
  return renderDriftReport({
    title: `Drift of ${name}`,
    summary: `${current.rows} rows of ${current.location} against ${reference.rows} training rows: ${moved === 0 ? 'no column' : `${moved} of ${result.inputs.length} columns`} moved far.`,
    warnings: result.warnings,
    inputs: result.inputs.map(rowOf),
    predictions: result.predictions.map(rowOf),
    thresholds: thresholds.map(({ measure, limit, value, met, columns }) => [
      `${measure} ≤ ${limit}`,
      met ? `met (${value === null ? 'no value' : value.toFixed(3)})` : `not met: ${columns.join(', ')}`,
    ]),
    plots,
    facts: [
      ['Model', `${name}${model.run === null ? '' : ` (run ${model.run})`}`],
      ['Rows', `${current.rows} of ${current.location}`],
      ...(current.first === null ? [] : [['Time', `${current.first} – ${current.last ?? ''}`] as const]),
      ['Reference', `${reference.rows} of ${reference.trainingRows} training rows`],
      [
        'Reference of predictions',
        `${reference.predictions.rows} ${reference.predictions.from === 'training' ? 'training' : 'held-out'} rows`,
      ],
    ],
  });
}

function rowOf(column: ColumnDrift): DriftRow {
  const { name, kind, level, judged, psi, psiNoise, test, missing, unseen, outOfRange } = column;
  return {
    name,
    kind,
    level: judged ? level : `${level} (not judged)`,
    psi,
    psiNoise,
    test: test?.name ?? '–',
    statistic: test?.statistic ?? null,
    pValue: test?.pValue ?? null,
    missing: [missing.reference, missing.current],
    unseen,
    outOfRange,
  };
}

function plotOf({ name, kind, bins, psi }: ColumnDrift, prefix: string): Plot {
  const expected = bins.reduce((total, bin) => total + bin.expected, 0);
  const actual = bins.reduce((total, bin) => total + bin.actual, 0);
  return groupedBarsPlot({
    name: prefix === 'prediction' ? slug(`prediction-${name}`) : prefix,
    title: name,
    note: `PSI ${psi === null ? 'unknown' : psi.toFixed(3)}${kind === 'text' ? ', by the number of characters' : ''}`,
    description: `Share of the rows in each bin of ${name}, of the training rows and of the rows looked at.`,
    series: ['training rows', 'rows looked at'],
    groups: bins.map((bin) => ({
      label: labelOf(bin.label, kind === 'date'),
      values: [bin.expected / Math.max(1, expected), bin.actual / Math.max(1, actual)],
    })),
  });
}

function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9]+/g, '-');
}

/** A bin in words. */
function labelOf(label: BinLabel, isDate = false): string {
  const show = (value: number): string =>
    isDate ? new Date(value).toISOString().slice(0, 10) : String(Number(value.toPrecision(4)));
  switch (label.type) {
    case 'range':
      if (label.above === null) return label.upTo === null ? 'all' : `up to ${show(label.upTo)}`;
      return label.upTo === null
        ? `${show(label.above)} and more`
        : `${show(label.above)} – ${show(label.upTo)}`;
    case 'below':
      return `below ${show(label.value)} (new)`;
    case 'above':
      return `over ${show(label.value)} (new)`;
    case 'category':
      return label.value;
    case 'others':
      return 'other categories';
    case 'unseen':
      return 'new categories';
    case 'present':
      return 'any value';
    case 'missing':
      return 'missing';
  }
}
