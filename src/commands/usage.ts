import { defineCommand } from '../cli/command.js';
import { formatDuration } from '../cli/format.js';
import { USAGE_GROUPS } from '../core/usage.js';
import type { UsageLine, UsageResult } from '../steps/usage.js';

const COUNTS = ['requests', 'errors', 'rows', 'computeSeconds'] as const;

export default defineCommand({
  name: 'usage',
  summary: 'Add up what API keys used: requests, rows, compute time',
  description:
    'Counts of all servers of the workspace while API keys were demanded, by UTC day. Rows are those that were ' +
    'answered; errors are the requests that were not; compute time is the time of the engine, each request its part of ' +
    'a batch. A server that runs writes its counts every two seconds and when it ends.',
  examples: [
    { command: 'aimaas usage', does: 'this month, by key and model' },
    {
      command: 'aimaas usage --since 2026-01-01 --until 2026-01-31 --by key --csv > january.csv',
      does: 'a month for billing, a line a key',
    },
    { command: 'aimaas usage --key acme --by day --json', does: 'one key, day by day, for a script' },
  ],
  arguments: [],
  options: {
    since: {
      type: 'string',
      placeholder: 'DAY',
      description: 'First day (UTC), such as 2026-01-31',
      defaultText: 'the first of this month',
      commandLineOnly: true,
    },
    until: {
      type: 'string',
      placeholder: 'DAY',
      description: 'Last day, included',
      defaultText: 'today',
      commandLineOnly: true,
    },
    by: {
      type: 'string',
      placeholder: 'WHAT',
      repeatable: true,
      choices: USAGE_GROUPS,
      description: 'What a line is for: key, model, day, or several of them',
      defaultText: 'key,model',
      commandLineOnly: true,
    },
    key: {
      type: 'string',
      placeholder: 'KEY',
      description: 'Only this key: its name, id or the beginning of its id',
      commandLineOnly: true,
    },
    csv: { type: 'boolean', description: 'Print a CSV table', commandLineOnly: true },
  },
  async run(_, options, context): Promise<UsageResult | null> {
    const { usage } = await import('../steps/usage.js');
    const result = await usage(options, context);
    if (options.csv !== true || context.json) return result;
    context.stdout.write(csv(result));
    return null;
  },
  render(result, style) {
    const { since, until, lines, total } = result;
    const period = since === until ? `on ${since}` : `from ${since} to ${until}`;
    if (lines.length === 0) {
      return `No API key used anything ${period}.\n\nNext: ${style.bold('aimaas keys create NAME')}`;
    }
    const about = columnsOf(result);
    const numbers = (counts: UsageResult['total']): (string | number)[] => [
      counts.requests,
      counts.errors,
      counts.rows,
      formatDuration(counts.computeSeconds),
    ];
    const rows = lines.map((line) => [...about.map((column) => line[column]), ...numbers(line)]);
    const sum = [...about.map((_column, i) => (i === 0 ? 'total' : '')), ...numbers(total)];
    return style.table([...about, 'requests', 'errors', 'rows', 'compute'], [...rows, sum]);
  },
  quiet: ({ total }) => String(total.rows),
});

/** The columns that say what a line is for. */
function columnsOf({ by }: UsageResult): readonly (keyof UsageLine)[] {
  return [
    ...(by.includes('day') ? (['day'] as const) : []),
    ...(by.includes('key') ? (['name', 'key'] as const) : []),
    ...(by.includes('model') ? (['model'] as const) : []),
  ];
}

/** RFC 4180, with the names of --json as header. */
function csv(result: UsageResult): string {
  const columns = [...columnsOf(result), ...COUNTS];
  const cell = (value: string | number | null): string => {
    const text = value === null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = result.lines.map((line) => columns.map((column) => cell(line[column])).join(','));
  return [columns.join(','), ...lines].map((line) => `${line}\n`).join('');
}
