import type { Theme } from './theme.js';

/** A finished plot, drawn in whatever colours are asked for. */
export interface Plot {
  /** File name without extension: "roc". */
  readonly name: string;
  readonly title: string;
  svg(theme: Theme): string;
}
