import { heading, svgDocument } from '../chart.js';
import type { Plot } from '../plot.js';
import { element, label } from '../svg.js';
import { fitText, textWidth } from '../text.js';
import { seriesColour, type Theme } from '../theme.js';

/** The bars of one row: a share of each series, 0 to 1. */
export type BarGroup = { readonly label: string; readonly values: readonly number[] };

export interface GroupedBars {
  /** File name without extension. */
  readonly name: string;
  readonly title: string;
  readonly note: string;
  readonly description: string;
  /** What the bars of a group are, first to last. */
  readonly series: readonly string[];
  readonly groups: readonly BarGroup[];
}

const WIDTH = 480;
const SIZE = 11;
const BAR = 9;
const GAP = 8;
const LONGEST_LABEL = 150;

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

function render(chart: GroupedBars, theme: Theme): string {
  const { markup: head, bottom } = heading(chart.title, chart.note, theme);
  const left =
    20 + Math.min(LONGEST_LABEL, Math.max(20, ...chart.groups.map((group) => textWidth(group.label, SIZE))));
  const right = 60;
  const most = Math.max(0.01, ...chart.groups.flatMap(({ values }) => values));
  const pixels = (WIDTH - left - right) / most;
  const groupHeight = chart.series.length * BAR + GAP;
  const top = bottom + 24;
  let x = 12;
  const legend = chart.series.flatMap((name, s) => {
    const at = x;
    x += 34 + textWidth(name, SIZE);
    return [
      element('rect', { x: at, y: bottom + 1, width: 12, height: 10, rx: 2, fill: seriesColour(theme, s) }),
      label(name, { x: at + 18, y: bottom + 10, 'font-size': SIZE, fill: theme.ink }),
    ];
  });
  const groups = chart.groups.flatMap((group, i) => {
    const y = top + i * groupHeight;
    const middle = y + (groupHeight - GAP) / 2 + SIZE * 0.36;
    const bars = group.values.flatMap((value, s) => [
      element('rect', {
        x: left,
        y: y + s * BAR,
        width: Math.max(0, value * pixels),
        height: BAR - 1,
        rx: 1.5,
        fill: seriesColour(theme, s),
      }),
      label(percent(value), {
        x: left + value * pixels + 4,
        y: y + s * BAR + BAR - 1.5,
        'font-size': 9,
        fill: theme.muted,
      }),
    ]);
    return [
      label(fitText(group.label, SIZE, LONGEST_LABEL), {
        x: left - 6,
        y: middle,
        'text-anchor': 'end',
        'font-size': SIZE,
        fill: theme.ink,
      }),
      ...bars,
    ];
  });
  const height = top + chart.groups.length * groupHeight + 8;
  const axis = element('path', {
    d: `M${left} ${top - 3}V${height - 10}`,
    stroke: theme.muted,
    fill: 'none',
  });
  return svgDocument({ width: WIDTH, height }, chart.title, chart.description, theme, [
    head,
    ...legend,
    ...groups,
    axis,
  ]);
}

/** Horizontal bars of several series beside each other, group by group; lengths are shares. */
export function groupedBarsPlot(chart: GroupedBars): Plot {
  return { name: chart.name, title: chart.title, svg: (theme) => render(chart, theme) };
}
