import { defineCommand, type Style } from '../cli/command.js';
import { formatNumber } from '../cli/format.js';
import { markdownTable } from '../cli/markdown.js';
import type { CompareRunsResult, MetricComparison } from '../steps/compare-runs.js';
import type { Json } from '../core/json.js';

const valueText = (value: Json): string => {
  if (value === null) return '–';
  if (typeof value === 'number') return formatNumber(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** "0.9123 (+0.0210)": the value, and the change from the first run. */
function metricText({ values, changes }: MetricComparison, index: number): string {
  const value = values[index] ?? null;
  const change = changes[index] ?? null;
  if (index === 0 || change === null || value === null) return valueText(value);
  return `${valueText(value)} (${change < 0 ? '−' : '+'}${formatNumber(Math.abs(change))})`;
}

function metricRows(result: CompareRunsResult, mark: (text: string) => string): string[][] {
  return result.metrics.map((metric) => [
    metric.on === 'test' ? `${metric.metric} (test)` : metric.metric,
    ...result.runs.map((_, index) => {
      const text = metricText(metric, index);
      return metric.best === index ? mark(text) : text;
    }),
  ]);
}

function parameterRows(result: CompareRunsResult): string[][] {
  return result.parameters.map(({ parameter, values }) => [parameter, ...values.map(valueText)]);
}

function asMarkdown(result: CompareRunsResult): string {
  const ids = result.runs.map(({ id }) => `\`${id}\``);
  const parts = [
    markdownTable(
      ['metric', ...ids],
      metricRows(result, (text) => `**${text}**`),
    ),
  ];
  if (result.parameters.length > 0) parts.push(markdownTable(['parameter', ...ids], parameterRows(result)));
  return parts.join('\n\n');
}

function asText(result: CompareRunsResult, style: Style): string {
  const ids = result.runs.map(({ id }) => id);
  const parts = [
    style.table(
      ['metric', ...ids],
      metricRows(result, (text) => style.green(text)),
    ),
  ];
  if (result.parameters.length > 0) parts.push(style.table(['parameter', ...ids], parameterRows(result)));
  else parts.push('All parameters are the same.');
  return parts.join('\n\n');
}

export default defineCommand({
  name: 'runs compare',
  summary: 'Compare metrics and parameters of runs',
  description:
    'The first run is what the others are compared to. Metrics are those of the validation rows, and for runs that have been evaluated those of the test rows; of the parameters, those that differ are shown.',
  examples: [
    { command: 'aimaas runs compare 3fa2 81bc', does: 'what changed between two runs' },
    { command: 'aimaas runs compare 3fa2 81bc --md', does: 'a Markdown table for a comment in CI' },
  ],
  arguments: [
    { name: 'RUN', description: 'Ids of the runs, or their beginnings', required: true, variadic: true },
  ],
  options: {
    md: { type: 'boolean', description: 'Print Markdown tables', commandLineOnly: true },
    metric: {
      type: 'string',
      placeholder: 'METRIC',
      repeatable: true,
      description: 'Only this metric',
      defaultText: 'all',
      commandLineOnly: true,
    },
    all: { type: 'boolean', description: 'Show parameters that are the same, too', commandLineOnly: true },
  },
  async run(args, options, context): Promise<CompareRunsResult | null> {
    const { compareRuns } = await import('../steps/compare-runs.js');
    const result = await compareRuns({ runs: args, all: options.all, metrics: options.metric }, context);
    if (options.md !== true || context.json) return result;
    context.stdout.write(`${asMarkdown(result)}\n`);
    return null;
  },
  render: asText,
  quiet: ({ runs, metrics }) => {
    const best = metrics[0]?.best ?? 0;
    return runs[best]?.id ?? '';
  },
});
