import type { Plot } from './plot.js';
import { STYLESHEET } from './stylesheet.js';
import { escapeText } from './svg.js';
import { formatCount, formatNumber } from './text.js';
import { PAGE } from './theme.js';

export type ReportTable = {
  readonly headings: readonly string[];
  /** Numbers are set to the right and formatted; null is a missing value. */
  readonly rows: readonly (readonly (string | number | null)[])[];
};

/** What every report has around its own sections. */
export interface PageContent {
  readonly title: string;
  /** A sentence under the title: what was looked at. */
  readonly summary: string;
  /** Things to know before believing the numbers. */
  readonly warnings: readonly string[];
  /** Where the numbers come from: run, data, versions. */
  readonly facts: readonly (readonly [string, string])[];
}

/** A cell of a table: numbers are formatted and set to the right, null is missing. */
export function cell(value: string | number | null): string {
  if (value === null) return '<td class="missing">–</td>';
  if (typeof value === 'number') return `<td class="number">${formatNumber(value)}</td>`;
  return `<td>${escapeText(value)}</td>`;
}

/** A table that scrolls by itself where it is wider than the page. */
export function table(caption: string, content: ReportTable): string {
  const numeric = content.headings.map((_, i) => content.rows.some((row) => typeof row[i] === 'number'));
  const head = content.headings.map(
    (heading, i) =>
      `<th scope="col"${numeric[i] === true ? ' class="number"' : ''}>${escapeText(heading)}</th>`,
  );
  const body = content.rows.map((row) => {
    const [first, ...others] = row;
    const header = typeof first === 'number' ? formatCount(first) : escapeText(first ?? '–');
    return `<tr><th scope="row">${header}</th>${others.map(cell).join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table><caption>${escapeText(caption)}</caption><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** The plots, side by side where there is room. */
export function figures(plots: readonly Plot[]): string {
  if (plots.length === 0) return '';
  const drawn = plots.map((plot) => `<figure id="${plot.name}">${plot.svg(PAGE)}</figure>`);
  return `<section><h2>Plots</h2><div class="plots">${drawn.join('')}</div></section>`;
}

function warningList(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  const items = warnings.map((warning) => `<li>${escapeText(warning)}</li>`);
  return `<aside aria-label="Warnings"><ul>${items.join('')}</ul></aside>`;
}

/**
 * A report as one HTML page that needs nothing else: no network, no script, plots inside. It follows the reader's light or
 * dark and prints well.
 * @param sections markup, in order.
 */
export function renderPage(content: PageContent, sections: readonly string[]): string {
  const { title, summary, warnings, facts } = content;
  const terms = facts.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${STYLESHEET}</style>
</head>
<body>
<main>
<header><h1>${escapeText(title)}</h1><p>${escapeText(summary)}</p></header>
${warningList(warnings)}
${sections.join('\n')}
<section><h2>Where this comes from</h2><dl>${terms.join('')}</dl></section>
</main>
</body>
</html>
`;
}
