import { figures, type PageContent, renderPage, table } from './page.js';
import type { Plot } from './plot.js';

/** A column of the table of a drift report. */
export type DriftRow = {
  readonly name: string;
  readonly kind: string;
  readonly level: string;
  readonly psi: number | null;
  readonly psiNoise: number | null;
  readonly test: string;
  readonly statistic: number | null;
  readonly pValue: number | null;
  /** Shares of missing cells: of the training rows, and of the rows looked at. */
  readonly missing: readonly [number, number];
  readonly unseen: number | null;
  readonly outOfRange: number | null;
};

export interface DriftReport extends PageContent {
  readonly inputs: readonly DriftRow[];
  readonly predictions: readonly DriftRow[];
  readonly thresholds: readonly (readonly [string, string])[];
  /** The columns that moved, furthest first. */
  readonly plots: readonly Plot[];
}

const HEADINGS = [
  'Column',
  'Kind',
  'Drift',
  'PSI',
  'PSI by chance',
  'Test',
  'Statistic',
  'p-value',
  'Missing before',
  'Missing now',
  'New categories',
  'Out of range',
];

function rowsOf(rows: readonly DriftRow[]): (string | number | null)[][] {
  return rows.map((row) => [
    row.name,
    row.kind,
    row.level,
    row.psi,
    row.psiNoise,
    row.test,
    row.statistic,
    row.pValue,
    ...row.missing,
    row.unseen,
    row.outOfRange,
  ]);
}

const NOTE =
  'PSI is the population stability index against the training rows: below 0.1 stable, from 0.1 moderate, from 0.2 major. ' +
  '“PSI by chance” is what it stays below in 95 % of the cases if nothing has changed, with so many rows. Shares are of 1.';

/** The report of `aimaas monitor` as one HTML page (see page.ts). */
export function renderDriftReport(report: DriftReport): string {
  const inputs = table('Columns, furthest from training first', {
    headings: HEADINGS,
    rows: rowsOf(report.inputs),
  });
  const predictions = table('What the model predicts', {
    headings: HEADINGS,
    rows: rowsOf(report.predictions),
  });
  const thresholds = table('Thresholds', { headings: ['Threshold', 'Result'], rows: report.thresholds });
  return renderPage(report, [
    `<section><h2>Inputs</h2>${inputs}<p class="note">${NOTE}</p></section>`,
    `<section><h2>Predictions</h2>${predictions}</section>`,
    report.thresholds.length === 0 ? '' : `<section><h2>Thresholds</h2>${thresholds}</section>`,
    figures(report.plots),
  ]);
}
