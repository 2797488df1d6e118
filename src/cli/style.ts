import type { Style } from './command.js';
import { formatNumber } from './format.js';
import { visible } from './visible.js';
import { displayWidth } from './width.js';

type Cell = string | number | null;

function cellText(cell: Cell): string {
  if (cell === null) return '–';
  return typeof cell === 'number' ? formatNumber(cell) : visible(cell);
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return right ? space + text : text + space;
}

/** Aligned columns; a column whose cells are all numbers (or empty) is set to the right. A row is a line, whatever it holds. */
function formatTable(
  titles: readonly string[],
  rows: readonly (readonly Cell[])[],
  heading: (text: string) => string,
): string {
  const headings = titles.map(visible);
  const texts = rows.map((row) => headings.map((_, column) => cellText(row[column] ?? null)));
  const layout = headings.map((title, column) => {
    const cells = rows.map((row) => row[column] ?? null);
    return {
      width: Math.max(displayWidth(title), ...texts.map((row) => displayWidth(row[column] ?? ''))),
      right:
        cells.some((cell) => typeof cell === 'number') && cells.every((cell) => typeof cell !== 'string'),
    };
  });
  const line = (cells: readonly string[]): string =>
    layout
      .map(({ width, right }, column) => pad(cells[column] ?? '', width, right))
      .join('  ')
      .trimEnd();
  const head = layout.map(({ width, right }, column) => heading(pad(headings[column] ?? '', width, right)));
  return [head.join('  ').trimEnd(), ...texts.map(line)].join('\n');
}

const plain = (text: string): string => text;

/** The style of a stream. chalk is loaded only where colours are shown, and told its level: it ignores NO_COLOR. */
export async function createStyle(color: boolean, width: number): Promise<Style> {
  const paint = color
    ? await colours()
    : { bold: plain, dim: plain, green: plain, yellow: plain, red: plain, cyan: plain };
  return { ...paint, width, table: (headings, rows) => formatTable(headings, rows, paint.bold) };
}

async function colours(): Promise<Omit<Style, 'width' | 'table'>> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    green: (text) => chalk.green(text),
    yellow: (text) => chalk.yellow(text),
    red: (text) => chalk.red(text),
    cyan: (text) => chalk.cyan(text),
  };
}
