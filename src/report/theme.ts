/** The colours of a plot: fixed ones for files, or CSS variables for a page that follows the reader's light or dark. */
export interface Theme {
  readonly background: string | undefined;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Text on a surface filled with the first series colour. */
  readonly onStrong: string;
  /** Told apart with every common colour blindness: Okabe and Ito 2008, reordered so that neighbours differ most. */
  readonly series: readonly string[];
  readonly font: string | undefined;
}

export const LIGHT: Theme = {
  background: '#ffffff',
  ink: '#1b1f24',
  muted: '#59636e',
  grid: '#e4e7eb',
  onStrong: '#ffffff',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#56b4e9', '#5b4ea8', '#7f7f7f'],
  font: 'DejaVu Sans, Verdana, sans-serif',
};

/** The dark counterparts, each at least 4.5:1 against the page's dark background. */
export const DARK: Theme = {
  background: '#14181d',
  ink: '#e8ecf1',
  muted: '#9aa5b1',
  grid: '#2b323a',
  onStrong: '#10141a',
  series: ['#56b4e9', '#f0843c', '#2fc79a', '#e39cc4', '#e6c34a', '#9fd3f5', '#a79cf0', '#b3b3b3'],
  font: LIGHT.font,
};

const VARIABLES = ['ink', 'muted', 'grid', 'onStrong'] as const;

/** For SVG inside the report: the colours are those that `themeVariables` defines on the page. */
export const PAGE: Theme = {
  background: undefined,
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  grid: 'var(--grid)',
  onStrong: 'var(--onStrong)',
  series: LIGHT.series.map((_, i) => `var(--series${i})`),
  font: undefined,
};

/** CSS declarations of a theme's colours. */
export function themeVariables(theme: Theme): string {
  const named = VARIABLES.map((name) => `--${name}:${theme[name]}`);
  const series = theme.series.map((colour, i) => `--series${i}:${colour}`);
  return [`--background:${theme.background ?? 'transparent'}`, ...named, ...series].join(';');
}

/** The nth series colour, going round when there are more series than colours. */
export function seriesColour(theme: Theme, index: number): string {
  return theme.series[index % theme.series.length] ?? theme.ink;
}
