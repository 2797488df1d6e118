import { defineCommand } from '../cli/command.js';
import { formatAge, formatDuration } from '../cli/format.js';
import type { ListRunsResult } from '../steps/runs.js';

/** Metric columns of the table; more would not fit a terminal. */
const SHOWN_METRICS = 4;

export default defineCommand({
  name: 'runs list',
  summary: 'List training runs, newest or best first',
  description:
    'Metrics are those of the validation rows. --where takes the name of a metric, of a model parameter or training option, or state, family, task, dataName, epochs, seconds, parameters; several conditions must all hold.',
  examples: [
    { command: 'aimaas runs', does: 'all runs, newest first' },
    { command: 'aimaas runs list --sort accuracy --limit 5', does: 'the five most accurate' },
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
    return listRuns(options, context);
  },
  render({ runs, total, sort }, style) {
    if (runs.length === 0)
      return `No runs${total === 0 ? ' yet' : ''}.\n\nNext: ${style.bold('aimaas train')}`;
    const all = [...new Set(runs.flatMap((run) => Object.keys(run.validation)))];
    const metrics = [...new Set([...(sort === null ? [] : [sort]), ...all])].slice(0, SHOWN_METRICS);
    const rows = runs.map((run) => [
      run.current ? `${run.id} *` : run.id,
      formatAge(run.createdAt),
      run.dataName,
      run.family,
      run.state,
      run.epochs,
      formatDuration(run.seconds),
      ...metrics.map((metric) => run.validation[metric] ?? null),
    ]);
    const headings = ['run', 'made', 'data', 'model', 'state', 'epochs', 'time', ...metrics];
    const more = total > runs.length ? `, ${total} in all` : '';
    return `${style.table(headings, rows)}\n\n${style.dim(`* current${more}. Metrics are of the validation rows.`)}`;
  },
  quiet: ({ runs }) => runs.map((run) => run.id).join('\n'),
});
