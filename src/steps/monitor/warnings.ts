import { type ColumnDrift, type DriftReference, MAJOR } from '../../drift/index.js';
import type { LogSummary } from './log.js';

/** What a reader has to know before believing the comparison. */
export function monitorWarnings({
  inputs,
  predictions,
  reference,
  rows,
  log,
}: {
  readonly inputs: readonly ColumnDrift[];
  readonly predictions: readonly ColumnDrift[];
  readonly reference: DriftReference;
  readonly rows: number;
  readonly log: LogSummary;
}): string[] {
  return [
    ...tooFewRows([...inputs, ...predictions], rows, reference.rows),
    ...absent(inputs),
    ...(log.unreadable > 0
      ? [`${log.unreadable} lines of the log are no predictions (cut off, or of something else).`]
      : []),
  ];
}

function tooFewRows(columns: readonly ColumnDrift[], rows: number, referenceRows: number): string[] {
  const unknown = columns.filter(({ level }) => level === 'unknown');
  if (unknown.length === 0) return [];
  const noise = Math.max(...unknown.map(({ psiNoise }) => psiNoise ?? 0));
  // The index by chance is q (1/n + 1/m), see drift/statistics.ts; this m brings it down to MAJOR.
  const quantile = noise / (1 / referenceRows + 1 / rows);
  const needed = 1 / (MAJOR / quantile - 1 / referenceRows);
  const enough = needed > 0 ? ` About ${Math.ceil(needed)} would be enough.` : '';
  return [
    `${rows} rows are too few to tell for ${listed(unknown)}: by chance alone the index reaches ${noise.toFixed(2)}.${enough}`,
  ];
}

function absent(inputs: readonly ColumnDrift[]): string[] {
  const columns = inputs.filter(({ level }) => level === 'absent');
  if (columns.length === 0) return [];
  return [`No row has ${listed(columns)}: masked in the log, so nothing is known of it.`];
}

function listed(columns: readonly ColumnDrift[]): string {
  const names = columns.slice(0, 5).map(({ name }) => `"${name}"`);
  const more = columns.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more columns` : names.join(', ');
}
