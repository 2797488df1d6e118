import type { ProgressTask } from '../core/reporter.js';
import type { Json } from '../core/json.js';
import { formatBytes, formatDuration, formatNumber } from './format.js';

export interface ProgressState {
  readonly task: ProgressTask;
  readonly completed: number;
  readonly values: Readonly<Record<string, Json>>;
  /** Seconds since the task began. */
  readonly elapsed: number;
}

function amount(value: number, unit: string | undefined): string {
  return unit === 'bytes' ? formatBytes(value) : formatNumber(value);
}

/** "3/20 epochs", "1.2 MB", "5,000 rows". */
export function completedText({ task, completed }: ProgressState): string {
  const done = amount(completed, task.unit);
  const unit = task.unit === undefined || task.unit === 'bytes' ? '' : ` ${task.unit}`;
  return task.total === undefined ? `${done}${unit}` : `${done}/${amount(task.total, task.unit)}${unit}`;
}

/** "loss 0.3123  accuracy 0.9102" */
export function valuesText(values: Readonly<Record<string, Json>>): string {
  return Object.entries(values)
    .filter(([, value]) => value !== null && value !== '')
    .map(([name, value]) => {
      if (typeof value === 'number') return `${name} ${formatNumber(value)}`;
      return `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    })
    .join('  ');
}

/** Units of work a second so far, once that means something. */
export function rateText({ task, completed, elapsed }: ProgressState): string {
  if (elapsed < 0.5 || completed <= 0) return '';
  const rate = completed / elapsed;
  return `${task.unit === 'bytes' ? formatBytes(rate) : formatNumber(rate >= 10 ? Math.round(rate) : rate)}/s`;
}

/** Time left at the pace so far, where the total is known. */
export function remainingText({ task, completed, elapsed }: ProgressState): string {
  if (task.total === undefined || completed <= 0 || elapsed < 0.5 || completed >= task.total) return '';
  return `${formatDuration((elapsed / completed) * (task.total - completed))} left`;
}
