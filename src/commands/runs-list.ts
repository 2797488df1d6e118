import { defineCommand } from '../cli/command.js';
import { formatAge, formatDuration } from '../cli/format.js';
import type { ListRunsResult, RunSummary } from '../steps/runs.js';

/** Metric columns of the table unless they are named; more would not fit a terminal. */
const SHOWN_METRICS = 4;

const TEST = 'test.';

function valueOf(run: RunSummary, metric: string): number | null {
  if (metric.startsWith(TEST)) return run.test?.[metric.slice(TEST.length)] ?? null;
  return run.validation[metric] ?? null;
}

/** The first metrics of the validation rows, and where runs have been evaluated those of the test rows beside them. */
function usualMetrics(runs: readonly RunSummary[], sort: string | null): readonly string[] {
  const names = new Set(runs.flatMap((run) => Object.keys(run.validation)));
  const tested = runs.some(({ test }) => test !== null);
  const known = [...names].flatMap((name) => (tested ? [name, `${TEST}${name}`] : [name]));
  return [...new Set([...(sort === null ? [] : [sort]), ...known])].slice(0, SHOWN_METRICS);
}

export default defineCommand({
  name: 'runs list',
  summary: 'List training runs, newest or best first',
  description:
    'Metrics are those of the validation rows; test.METRIC, such as test.accuracy, is that of the test rows, which runs have once they are evaluated. --where takes the name of a metric, of a model parameter or training option, or state, family, task, dataName, epochs, seconds, parameters; several conditions must all hold.',
  examples: [
    { command: 'aimaas runs', does: 'all runs, newest first' },
    { command: 'aimaas runs list --sort accuracy --limit 5', does: 'the five most accurate' },
    {
      command: 'aimaas runs list --metric f1 --metric test.f1',
      does: 'one metric, on validation and on test rows',
    },
    {
      command: "aimaas runs list --where family=mlp --where 'accuracy>=0.9' -q",
      does: 'ids only, for a script',
    },
  ],
  arguments: [],
  options: {
    sort: {
      type: 'string',
      placeholder: 'METRIC',
      description: 'Best first by this metric',
      defaultText: 'newest first',
    },
    metric: {
      type: 'string',
      placeholder: 'METRIC',
      repeatable: true,
      description: 'Show this metric',
      defaultText: 'the first four',
    },
    where: {
      type: 'string',
      placeholder: 'CONDITION',
      repeatable: true,
      description: "Only runs that meet it: 'accuracy>=0.9', family=mlp, state!=failed",
      commandLineOnly: true,
    },
    limit: {
      type: 'integer',
      minimum: 1,
      placeholder: 'N',
      description: 'Show at most so many',
      defaultText: 'all',
    },
  },
  async run(_, options, context): Promise<ListRunsResult> {
    const { listRuns } = await import('../steps/runs.js');
    return listRuns({ ...options, metrics: options.metric }, context);
  },
  render({ runs, total, workspaceTotal, sort, metrics: named }, style) {
    if (workspaceTotal === 0) return `No runs yet.\n\nNext: ${style.bold('aimaas train')}`;
    if (runs.length === 0) return `No run of ${workspaceTotal} meets --where.`;
    const metrics = named.length > 0 ? named : usualMetrics(runs, sort);
    const rows = runs.map((run) => [
      run.current ? `${run.id} *` : run.id,
      formatAge(run.createdAt),
      run.dataName,
      run.family,
      run.state,
      run.epochs,
      formatDuration(run.seconds),
      ...metrics.map((metric) => valueOf(run, metric)),
    ]);
    const headings = ['run', 'made', 'data', 'model', 'state', 'epochs', 'time', ...metrics];
    const more = total > runs.length ? `, ${total} in all` : '';
    return `${style.table(headings, rows)}\n\n${style.dim(`* current${more}. ${metrics.some((metric) => metric.startsWith(TEST)) ? 'Metrics named test. are of the test rows, the others' : 'Metrics are'} of the validation rows.`)}`;
  },
  quiet: ({ runs }) => runs.map((run) => run.id).join('\n'),
});
