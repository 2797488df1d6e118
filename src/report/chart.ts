import { linearScale, logScale, type Scale } from './scale.js';
import { element, escapeText, label } from './svg.js';
import { fitText, textWidth } from './text.js';
import { seriesColour, type Theme } from './theme.js';

export type Point = { readonly x: number; readonly y: number };

/** A series colour by number, or the quiet grey of reference lines. */
type Colour = number | 'muted';

/** What is drawn inside the axes, in order. A mark with a label is in the legend. */
export type Mark =
  | {
      readonly kind: 'line';
      readonly points: readonly Point[];
      readonly colour: Colour;
      readonly dashed?: boolean;
      readonly label?: string;
    }
  | {
      readonly kind: 'points';
      readonly points: readonly Point[];
      readonly colour: Colour;
      readonly radius?: number;
      readonly opacity?: number;
      readonly label?: string;
    }
  | {
      /** Vertical bars from y = 0, each from `from` to `to` on the x axis. */
      readonly kind: 'bars';
      readonly bars: readonly { readonly from: number; readonly to: number; readonly height: number }[];
      readonly colour: Colour;
      readonly label?: string;
    }
  | {
      /** Vertical error bars. */
      readonly kind: 'intervals';
      readonly intervals: readonly { readonly x: number; readonly low: number; readonly high: number }[];
      readonly colour: Colour;
      readonly label?: string;
    };

export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
  readonly scale?: 'linear' | 'log';
}

export interface Chart {
  readonly title: string;
  /** A second, smaller line: what was left out, how many rows. */
  readonly note?: string | undefined;
  /** What the plot shows in a sentence, for those who cannot see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly marks: readonly Mark[];
  /** As high as wide, for plots whose axes share a unit. Default: wider than high. */
  readonly square?: boolean;
}

const WIDTH = 480;
const RIGHT = 18;
const TICK_SIZE = 11;
const LABEL_SIZE = 12;
const TITLE_SIZE = 15;
const LEGEND_ROW = 19;

/** The outermost element: size, title and description, background. */
export function svgDocument(
  size: { readonly width: number; readonly height: number },
  title: string,
  description: string,
  theme: Theme,
  content: readonly string[],
): string {
  const { width, height } = size;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width: theme.background === undefined ? undefined : width,
      height: theme.background === undefined ? undefined : height,
      role: 'img',
      'aria-label': `${title}. ${description}`,
      'font-family': theme.font,
    },
    `<title>${escapeText(title)}</title>`,
    `<desc>${escapeText(description)}</desc>`,
    theme.background === undefined ? '' : element('rect', { width, height, fill: theme.background }),
    ...content,
  );
}

/** Title and note at the top left; gives the y below them. */
export function heading(
  title: string,
  note: string | undefined,
  theme: Theme,
): { markup: string; bottom: number } {
  const first = label(fitText(title, TITLE_SIZE, WIDTH - 24), {
    x: 12,
    y: 24,
    'font-size': TITLE_SIZE,
    'font-weight': 600,
    fill: theme.ink,
  });
  if (note === undefined) return { markup: first, bottom: 38 };
  const second = label(fitText(note, TICK_SIZE, WIDTH - 24), {
    x: 12,
    y: 42,
    'font-size': TICK_SIZE,
    fill: theme.muted,
  });
  return { markup: first + second, bottom: 54 };
}

function colourOf(colour: Colour, theme: Theme): string {
  return colour === 'muted' ? theme.muted : seriesColour(theme, colour);
}

function path(points: readonly Point[], x: Scale, y: Scale): string {
  const round = (value: number) => Math.round(value * 100) / 100;
  return points
    .filter((point) => Number.isFinite(x(point.x)) && Number.isFinite(y(point.y)))
    .map((point, i) => `${i === 0 ? 'M' : 'L'}${round(x(point.x))} ${round(y(point.y))}`)
    .join('');
}

function drawMark(mark: Mark, x: Scale, y: Scale, theme: Theme): string {
  const colour = colourOf(mark.colour, theme);
  switch (mark.kind) {
    case 'line':
      return element('path', {
        d: path(mark.points, x, y),
        fill: 'none',
        stroke: colour,
        'stroke-width': mark.dashed === true ? 1.3 : 2,
        'stroke-dasharray': mark.dashed === true ? '5 4' : undefined,
        'stroke-linejoin': 'round',
      });
    case 'points': {
      const radius = mark.radius ?? 3;
      const dots = mark.points
        .filter((point) => Number.isFinite(x(point.x)) && Number.isFinite(y(point.y)))
        .map((point) => element('circle', { cx: x(point.x), cy: y(point.y), r: radius }));
      return element('g', { fill: colour, 'fill-opacity': mark.opacity ?? 1 }, ...dots);
    }
    case 'bars': {
      const base = y(0);
      const bars = mark.bars.map((bar) =>
        element('rect', {
          x: x(bar.from) + 0.5,
          y: y(bar.height),
          width: Math.max(0.5, x(bar.to) - x(bar.from) - 1),
          height: Math.max(0, base - y(bar.height)),
        }),
      );
      return element('g', { fill: colour, 'fill-opacity': 0.85 }, ...bars);
    }
    case 'intervals': {
      const lines = mark.intervals.map(({ x: at, low, high }) =>
        element('path', {
          d: `M${x(at)} ${y(low)}V${y(high)}M${x(at) - 3} ${y(low)}h6M${x(at) - 3} ${y(high)}h6`,
        }),
      );
      return element(
        'g',
        { stroke: colour, 'stroke-width': 1.3, 'stroke-opacity': 0.7, fill: 'none' },
        ...lines,
      );
    }
  }
}

/** The sample of a mark in the legend. */
function legendKey(mark: Mark, x: number, y: number, theme: Theme): string {
  const colour = colourOf(mark.colour, theme);
  switch (mark.kind) {
    case 'line':
      return element('path', {
        d: `M${x} ${y}h18`,
        stroke: colour,
        'stroke-width': mark.dashed === true ? 1.3 : 2.5,
        'stroke-dasharray': mark.dashed === true ? '5 4' : undefined,
      });
    case 'points':
      return element('circle', { cx: x + 9, cy: y, r: 4, fill: colour });
    case 'bars':
      return element('rect', {
        x: x + 3,
        y: y - 5,
        width: 12,
        height: 10,
        fill: colour,
        'fill-opacity': 0.85,
      });
    case 'intervals':
      return element('path', {
        d: `M${x + 9} ${y - 6}v12M${x + 6} ${y - 6}h6M${x + 6} ${y + 6}h6`,
        stroke: colour,
        'stroke-width': 1.3,
        fill: 'none',
      });
  }
}

/** Keys and labels in as many rows as they need, from `top` down. */
function legend(marks: readonly Mark[], top: number, theme: Theme): { markup: string; height: number } {
  const parts: string[] = [];
  let x = 12;
  let row = 0;
  for (const mark of marks) {
    if (mark.label === undefined) continue;
    const text = fitText(mark.label, TICK_SIZE, WIDTH - 60);
    const width = 24 + textWidth(text, TICK_SIZE) + 16;
    if (x > 12 && x + width > WIDTH - 4) {
      x = 12;
      row++;
    }
    const y = top + row * LEGEND_ROW + LEGEND_ROW / 2;
    parts.push(
      legendKey(mark, x, y, theme),
      label(text, { x: x + 24, y: y + 4, 'font-size': TICK_SIZE, fill: theme.ink }),
    );
    x += width;
  }
  return { markup: parts.join(''), height: parts.length === 0 ? 0 : (row + 1) * LEGEND_ROW };
}

function scaleOf(axis: Axis, range: readonly [number, number], count: number): Scale {
  return axis.scale === 'log' ? logScale(axis.domain, range) : linearScale(axis.domain, range, count);
}

/** The chart as an SVG document. Everything is measured before it is placed, so that nothing overlaps. */
export function renderChart(chart: Chart, theme: Theme): string {
  const { markup: head, bottom: headBottom } = heading(chart.title, chart.note, theme);
  const { markup: key, height: legendHeight } = legend(chart.marks, headBottom, theme);
  const top = headBottom + legendHeight + 10;
  const ticksY = scaleOf(chart.y, [0, 1], 5).ticks;
  const left =
    12 + LABEL_SIZE + 8 + Math.max(20, ...ticksY.map((tick) => textWidth(tick.label, TICK_SIZE))) + 8;
  const plotWidth = WIDTH - left - RIGHT;
  const plotHeight = chart.square === true ? plotWidth : 260;
  const bottom = top + plotHeight;
  const height = bottom + 48;
  const x = scaleOf(chart.x, [left, left + plotWidth], 6);
  const y = scaleOf(chart.y, [bottom, top], 5);
  const clip = `clip-${hashOf(chart.title + chart.description)}`;

  const gridX = x.ticks.map((tick) => element('path', { d: `M${x(tick.value)} ${top}V${bottom}` }));
  const gridY = y.ticks.map((tick) =>
    element('path', { d: `M${left} ${y(tick.value)}H${left + plotWidth}` }),
  );
  const labelsX = x.ticks.map((tick) =>
    label(tick.label, { x: x(tick.value), y: bottom + 17, 'text-anchor': 'middle' }),
  );
  const labelsY = y.ticks.map((tick) =>
    label(tick.label, { x: left - 8, y: y(tick.value) + 4, 'text-anchor': 'end' }),
  );
  return svgDocument({ width: WIDTH, height }, chart.title, chart.description, theme, [
    head,
    key,
    element(
      'clipPath',
      { id: clip },
      element('rect', { x: left - 1, y: top - 5, width: plotWidth + 6, height: plotHeight + 6 }),
    ),
    element('g', { stroke: theme.grid, 'stroke-width': 1, fill: 'none' }, ...gridX, ...gridY),
    element('path', {
      d: `M${left} ${top}V${bottom}H${left + plotWidth}`,
      stroke: theme.muted,
      fill: 'none',
    }),
    element('g', { 'font-size': TICK_SIZE, fill: theme.muted }, ...labelsX, ...labelsY),
    label(fitText(chart.x.label, LABEL_SIZE, plotWidth), {
      x: left + plotWidth / 2,
      y: bottom + 38,
      'text-anchor': 'middle',
      'font-size': LABEL_SIZE,
      fill: theme.ink,
    }),
    label(fitText(chart.y.label, LABEL_SIZE, plotHeight), {
      transform: `translate(${12 + LABEL_SIZE - 2} ${top + plotHeight / 2}) rotate(-90)`,
      'text-anchor': 'middle',
      'font-size': LABEL_SIZE,
      fill: theme.ink,
    }),
    element('g', { 'clip-path': `url(#${clip})` }, ...chart.marks.map((mark) => drawMark(mark, x, y, theme))),
  ]);
}

/** A short id that is the same for the same text: element ids must be unique on a page with several plots. */
function hashOf(text: string): string {
  let hash = 2166136261;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  return (hash >>> 0).toString(36);
}
