import { heading, svgDocument } from '../chart.js';
import type { Plot } from '../plot.js';
import { element, escapeText, label } from '../svg.js';
import { fitText, formatCount, textWidth } from '../text.js';
import { seriesColour, type Theme } from '../theme.js';

/** More classes than this make cells too small to read: the most frequent are shown. */
const MOST_CLASSES = 20;

const WIDTH = 480;

type Matrix = readonly (readonly number[])[];

/** The classes with most true rows, in their own order. */
function selectClasses(matrix: Matrix): number[] {
  const support = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  return [...support.keys()]
    .sort((a, b) => (support[b] ?? 0) - (support[a] ?? 0))
    .slice(0, MOST_CLASSES)
    .sort((a, b) => a - b);
}

function render(classes: readonly string[], matrix: Matrix, theme: Theme): string {
  const chosen = selectClasses(matrix);
  const note =
    chosen.length < classes.length
      ? `The ${chosen.length} most frequent of ${classes.length} classes; the colour is the share of the true class`
      : 'Rows; the colour is the share of the true class';
  const { markup: head, bottom: headBottom } = heading('Confusion matrix', note, theme);
  const names = chosen.map((c) => classes[c] ?? '');
  const widest = Math.max(...names.map((name) => textWidth(name, 11)));
  const left = 12 + 20 + Math.min(120, Math.max(24, widest)) + 8;
  const cell = Math.min(130, (WIDTH - left - 16) / chosen.length);
  const slanted = names.some((name) => textWidth(name, 11) > cell - 6);
  const side = cell * chosen.length;
  const top = headBottom + 12;
  const below = slanted
    ? Math.min(96, Math.max(...names.map((name) => textWidth(name, 11))) * 0.72 + 16)
    : 22;
  const height = top + side + below + 28;

  const cells = chosen.flatMap((t, i) => {
    const row = matrix[t] ?? [];
    const total = row.reduce((sum, count) => sum + count, 0);
    return chosen.map((p, j) => {
      const count = row[p] ?? 0;
      const share = total === 0 ? 0 : count / total;
      const text = formatCount(count);
      const size = Math.min(13, cell * 0.36, ((cell - 4) / textWidth(text, 10)) * 10);
      const x = left + j * cell;
      const y = top + i * cell;
      const title = element(
        'title',
        {},
        escapeText(`${names[i] ?? ''} predicted as ${names[j] ?? ''}: ${text}`),
      );
      return element(
        'g',
        {},
        title,
        element('rect', {
          x: x + 0.5,
          y: y + 0.5,
          width: cell - 1,
          height: cell - 1,
          rx: 2,
          fill: share === 0 ? theme.grid : seriesColour(theme, 0),
          'fill-opacity': share === 0 ? 0.45 : 0.12 + 0.88 * share,
        }),
        size < 6
          ? ''
          : label(text, {
              x: x + cell / 2,
              y: y + cell / 2 + size * 0.36,
              'text-anchor': 'middle',
              'font-size': size,
              fill: share > 0.55 ? theme.onStrong : theme.ink,
            }),
      );
    });
  });
  const size = Math.min(11, cell * 0.9);
  const rowNames = names.map((name, i) =>
    label(fitText(name, size, left - 40), {
      x: left - 8,
      y: top + (i + 0.5) * cell + size * 0.36,
      'text-anchor': 'end',
    }),
  );
  const columnNames = names.map((name, i) => {
    const x = left + (i + 0.5) * cell;
    const y = top + side + 14;
    return slanted
      ? label(fitText(name, size, 110), {
          transform: `translate(${x + 4} ${y - 2}) rotate(-45)`,
          'text-anchor': 'end',
        })
      : label(name, { x, y: y + 2, 'text-anchor': 'middle' });
  });
  return svgDocument(
    { width: WIDTH, height },
    'Confusion matrix',
    `Rows of each true class by predicted class, for ${names.join(', ')}.`,
    theme,
    [
      head,
      ...cells,
      element('g', { 'font-size': size, fill: theme.muted }, ...rowNames, ...columnNames),
      label('Predicted class', {
        x: left + side / 2,
        y: height - 10,
        'text-anchor': 'middle',
        'font-size': 12,
        fill: theme.ink,
      }),
      label('True class', {
        transform: `translate(22 ${top + side / 2}) rotate(-90)`,
        'text-anchor': 'middle',
        'font-size': 12,
        fill: theme.ink,
      }),
    ],
  );
}

/** Counts of true class (row) by predicted class (column). */
export function confusionPlot(classes: readonly string[], matrix: Matrix): Plot {
  return { name: 'confusion', title: 'Confusion matrix', svg: (theme) => render(classes, matrix, theme) };
}
