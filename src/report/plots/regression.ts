import { type Chart, type Point, renderChart } from '../chart.js';
import type { Plot } from '../plot.js';
import { paddedDomain } from '../scale.js';
import { formatCount } from '../text.js';

/** More points than this only paint over each other. */
const MOST_POINTS = 2_000;

type Numbers = Float32Array | Float64Array;

/** Evenly spread row numbers, at most MOST_POINTS. */
function spread(rows: number): number[] {
  const count = Math.min(rows, MOST_POINTS);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

function noteOf(rows: number): string {
  return rows > MOST_POINTS
    ? `${formatCount(MOST_POINTS)} of ${formatCount(rows)} rows`
    : `${formatCount(rows)} rows`;
}

function opacityOf(rows: number): number {
  return rows > 1000 ? 0.3 : rows > 200 ? 0.5 : 0.7;
}

function chartPlot(name: string, chart: Chart): Plot {
  return { name, title: chart.title, svg: (theme) => renderChart(chart, theme) };
}

/** Predicted over true values; a perfect model lies on the diagonal. */
export function predictedVersusTruePlot(target: string, truth: Float64Array, predicted: Numbers): Plot {
  const points = spread(truth.length).map((row): Point => ({
    x: truth[row] ?? NaN,
    y: predicted[row] ?? NaN,
  }));
  const domain = paddedDomain(points.flatMap((point) => [point.x, point.y]));
  return chartPlot('predicted-vs-true', {
    title: 'Predicted and true values',
    note: noteOf(truth.length),
    description: `Each row's predicted ${target} over its true ${target}.`,
    square: true,
    x: { label: `True ${target}`, domain },
    y: { label: `Predicted ${target}`, domain },
    marks: [
      { kind: 'points', points, colour: 0, opacity: opacityOf(points.length), label: 'rows' },
      {
        kind: 'line',
        points: [
          { x: domain[0], y: domain[0] },
          { x: domain[1], y: domain[1] },
        ],
        colour: 'muted',
        dashed: true,
        label: 'perfect',
      },
    ],
  });
}

/** Error (predicted - true) over the predicted value; a good model shows no pattern. */
export function residualsPlot(target: string, truth: Float64Array, predicted: Numbers): Plot {
  const points = spread(truth.length).map((row): Point => {
    const value = predicted[row] ?? NaN;
    return { x: value, y: value - (truth[row] ?? NaN) };
  });
  const domain = paddedDomain(points.map((point) => point.x));
  return chartPlot('residuals', {
    title: 'Errors over predicted values',
    note: noteOf(truth.length),
    description: `Predicted minus true ${target} over the predicted ${target}.`,
    x: { label: `Predicted ${target}`, domain },
    y: { label: 'Error (predicted − true)', domain: paddedDomain([0, ...points.map((point) => point.y)]) },
    marks: [
      {
        kind: 'line',
        points: [
          { x: domain[0], y: 0 },
          { x: domain[1], y: 0 },
        ],
        colour: 'muted',
        dashed: true,
      },
      { kind: 'points', points, colour: 0, opacity: opacityOf(points.length) },
    ],
  });
}

/** How many rows are off by how much. The outermost hundredth on either side is gathered in the outer bars. */
export function errorDistributionPlot(target: string, truth: Float64Array, predicted: Numbers): Plot {
  const errors = Float64Array.from(truth, (value, row) => (predicted[row] ?? NaN) - value).sort();
  const at = (q: number) => errors[Math.round(q * (errors.length - 1))] ?? 0;
  const [low, high] =
    errors.length < 100 ? paddedDomain(errors, 0.001) : paddedDomain([at(0.005), at(0.995)], 0.001);
  const count = Math.max(5, Math.min(40, Math.ceil(2 * Math.cbrt(errors.length))));
  const width = (high - low) / count;
  const heights = new Float64Array(count);
  for (const error of errors) {
    const bin = Math.max(0, Math.min(count - 1, Math.floor((error - low) / width)));
    heights[bin] = (heights[bin] ?? 0) + 1;
  }
  return chartPlot('error-distribution', {
    title: 'Distribution of errors',
    note:
      errors.length < 100
        ? undefined
        : 'The outermost 0.5 % of the rows on either side are in the outer bars',
    description: `Number of rows by predicted minus true ${target}.`,
    x: { label: 'Error (predicted − true)', domain: [low, high] },
    y: { label: 'Rows', domain: [0, Math.max(1, ...heights) * 1.05] },
    marks: [
      {
        kind: 'bars',
        bars: Array.from(heights, (height, i) => ({
          from: low + i * width,
          to: low + (i + 1) * width,
          height,
        })),
        colour: 0,
      },
      {
        kind: 'line',
        points: [
          { x: 0, y: 0 },
          { x: 0, y: Math.max(1, ...heights) * 1.05 },
        ],
        colour: 'muted',
        dashed: true,
      },
    ],
  });
}
