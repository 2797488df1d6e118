import { type Chart, type Mark, type Point, renderChart } from '../chart.js';
import type { Plot } from '../plot.js';
import { formatNumber } from '../text.js';

/** A curve of one class, with the area under it. */
export type ClassCurve = {
  readonly className: string;
  readonly points: readonly Point[];
  readonly area: number | undefined;
  /** Share of the rows that are of the class. */
  readonly share: number;
};

/** More lines than this cannot be told apart. */
const MOST_CURVES = 8;

/** The classes with most rows, and a note when others are left out. */
function selected(curves: readonly ClassCurve[]): { shown: readonly ClassCurve[]; note: string | undefined } {
  const drawable = curves.filter((curve) => curve.points.length > 0);
  const shown = [...drawable].sort((a, b) => b.share - a.share).slice(0, MOST_CURVES);
  const left = drawable.length - shown.length;
  return {
    shown,
    note: left > 0 ? `The ${shown.length} most frequent of ${drawable.length} classes` : undefined,
  };
}

function lines(curves: readonly ClassCurve[], areaName: string): Mark[] {
  return curves.map((curve, i) => ({
    kind: 'line',
    points: curve.points,
    colour: i,
    label:
      curve.area === undefined
        ? curve.className
        : `${curve.className} (${areaName} ${formatNumber(Math.round(curve.area * 1000) / 1000)})`,
  }));
}

/** The dashed line from corner to corner that a curve is compared with. */
function diagonal(label: string): Mark {
  return {
    kind: 'line',
    points: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
    colour: 'muted',
    dashed: true,
    label,
  };
}

function chartPlot(name: string, chart: Chart): Plot {
  return { name, title: chart.title, svg: (theme) => renderChart(chart, theme) };
}

/** Receiver operating characteristic, one line a class against the rest (for two classes, the positive one). */
export function rocPlot(curves: readonly ClassCurve[]): Plot | undefined {
  const { shown, note } = selected(curves);
  if (shown.length === 0) return undefined;
  return chartPlot('roc', {
    title: 'ROC curve',
    note,
    description: `True positive rate over false positive rate for ${shown.map((c) => c.className).join(', ')}.`,
    square: true,
    x: { label: 'False positive rate', domain: [0, 1] },
    y: { label: 'True positive rate', domain: [0, 1] },
    marks: [diagonal('chance'), ...lines(shown, 'area')],
  });
}

/** Precision over recall, one line a class; what chance gives is the share of the class. */
export function precisionRecallPlot(curves: readonly ClassCurve[]): Plot | undefined {
  const { shown, note } = selected(curves);
  const [only] = shown;
  if (only === undefined) return undefined;
  const chance: Mark[] =
    shown.length > 1
      ? []
      : [
          {
            kind: 'line',
            points: [
              { x: 0, y: only.share },
              { x: 1, y: only.share },
            ],
            colour: 'muted',
            dashed: true,
            label: 'chance',
          },
        ];
  return chartPlot('precision-recall', {
    title: 'Precision–recall curve',
    note,
    description: `Precision over recall for ${shown.map((c) => c.className).join(', ')}.`,
    square: true,
    x: { label: 'Recall', domain: [0, 1] },
    y: { label: 'Precision', domain: [0, 1] },
    marks: [...chance, ...lines(shown, 'AP')],
  });
}

export type CalibrationPoint = {
  readonly probability: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly weight: number;
};

/** How often what was given a probability comes true. `className` undefined: of the predicted class, whichever it is. */
export function calibrationPlot(
  bins: readonly CalibrationPoint[],
  className: string | undefined,
): Plot | undefined {
  if (bins.length === 0) return undefined;
  const of = className === undefined ? 'the predicted class' : `class ${className}`;
  return chartPlot('calibration', {
    title: 'Calibration',
    note: `Probability of ${of} in ten bins, 95 % intervals`,
    description: `How often ${of} is the true one, over the probability the model gave it.`,
    square: true,
    x: { label: 'Mean predicted probability', domain: [0, 1] },
    y: { label: 'Share that came true', domain: [0, 1] },
    marks: [
      diagonal('perfect'),
      {
        kind: 'intervals',
        intervals: bins.map(({ probability, low, high }) => ({ x: probability, low, high })),
        colour: 0,
      },
      {
        kind: 'line',
        points: bins.map(({ probability, share }) => ({ x: probability, y: share })),
        colour: 0,
        label: 'model',
      },
      {
        kind: 'points',
        points: bins.map(({ probability, share }) => ({ x: probability, y: share })),
        colour: 0,
        radius: 3.5,
      },
    ],
  });
}
