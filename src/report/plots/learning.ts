import { type Mark, type Point, renderChart } from '../chart.js';
import type { Plot } from '../plot.js';
import { paddedDomain } from '../scale.js';

/** What is known of one epoch of training. */
export type EpochRecord = {
  readonly epoch: number;
  readonly loss?: number | undefined;
  readonly validationLoss?: number | undefined;
};

function series(records: readonly EpochRecord[], key: 'loss' | 'validationLoss'): Point[] {
  return records.flatMap((record) => {
    const value = record[key];
    return value === undefined || !Number.isFinite(value) ? [] : [{ x: record.epoch, y: value }];
  });
}

/** Training and validation loss by epoch, with the epoch whose weights were kept. Undefined without any loss. */
export function learningCurvePlot(
  records: readonly EpochRecord[],
  bestEpoch: number | undefined,
): Plot | undefined {
  const training = series(records, 'loss');
  const validation = series(records, 'validationLoss');
  const values = [...training, ...validation].map((point) => point.y);
  if (values.length === 0) return undefined;
  const epochs = [...training, ...validation].map((point) => point.x);
  const smallest = Math.min(...values);
  const log = smallest > 0 && Math.max(...values) / smallest > 30;
  const domain: [number, number] = log
    ? [smallest / 1.15, Math.max(...values) * 1.15]
    : paddedDomain(smallest >= 0 ? [0, ...values] : values);
  const best = validation.find((point) => point.x === bestEpoch);
  const firstEpoch = Math.min(...epochs);
  const lastEpoch = Math.max(...epochs);
  const marks: Mark[] = [{ kind: 'line', points: training, colour: 0, label: 'training' }];
  if (validation.length > 0) marks.push({ kind: 'line', points: validation, colour: 1, label: 'validation' });
  if (epochs.length <= 2) marks.push({ kind: 'points', points: [...training, ...validation], colour: 0 });
  if (best !== undefined) {
    marks.push({ kind: 'points', points: [best], colour: 1, radius: 5, label: `best epoch (${best.x})` });
  }
  return {
    name: 'learning-curve',
    title: 'Learning curve',
    svg: (theme) =>
      renderChart(
        {
          title: 'Learning curve',
          note: log ? 'Loss on a logarithmic axis' : undefined,
          description: 'Training and validation loss by epoch.',
          x: {
            label: 'Epoch',
            domain: firstEpoch === lastEpoch ? [firstEpoch - 1, lastEpoch + 1] : [firstEpoch, lastEpoch],
          },
          y: { label: 'Loss', domain, scale: log ? 'log' : 'linear' },
          marks,
        },
        theme,
      ),
  };
}
