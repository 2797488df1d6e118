import { defineCommand } from '../cli/command.js';
import { formatDuration, formatNumber } from '../cli/format.js';
import type { ShowRunResult } from '../steps/runs.js';

export default defineCommand({
  name: 'runs show',
  summary: 'Show one run: metrics, options, where its files are',
  examples: [
    { command: 'aimaas runs show', does: 'the current run' },
    { command: 'aimaas runs show 3fa2 --json', does: 'everything about the run whose id begins with 3fa2' },
  ],
  arguments: [{ name: 'RUN', description: 'Id of the run, or its beginning; default: the current run' }],
  options: {},
  async run(args, _, context): Promise<ShowRunResult> {
    const { showRun } = await import('../steps/runs.js');
    return showRun({ run: args[0] }, context);
  },
  render({ run, folder, test }, style) {
    const { content } = run;
    const target = `${content.target.column} (${content.task})`;
    const facts: readonly (readonly [string, string])[] = [
      ['run', `${run.id}  ${style.dim(run.createdAt)}`],
      [
        'state',
        `${content.state} after ${formatNumber(content.epochs)} epochs, ${formatDuration(content.seconds)}`,
      ],
      ['data', `${content.dataName} ${style.dim(`(data ${content.data}, features ${content.features})`)}`],
      ['predicts', target],
      ['model', `${content.model.family}, ${formatNumber(content.parameters)} parameters`],
      ...(content.from === null ? [] : [['continued from', `run ${content.from}`] as const]),
      ['files', folder],
    ];
    const width = Math.max(...facts.map(([name]) => name.length));
    const lines = facts.map(([name, value]) => `${style.bold(name.padEnd(width))}  ${value}`);
    const metrics = Object.entries(content.validation).map(([metric, value]) => [
      metric,
      value,
      ...(test === null ? [] : [test[metric] ?? null]),
      content.baseline[metric] ?? null,
    ]);
    const options = Object.entries({ ...content.model.params, ...content.options }).map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
    ]);
    return [
      lines.join('\n'),
      style.table(['metric', 'validation', ...(test === null ? [] : ['test']), 'baseline'], metrics),
      style.table(
        ['option', 'value'],
        options.map(([name, value]) => [name ?? null, value === undefined ? null : String(value)]),
      ),
      ...(content.state === 'complete'
        ? [`Next: ${style.bold(`aimaas ${test === null ? 'evaluate' : 'export'} --run ${run.id}`)}`]
        : []),
    ].join('\n\n');
  },
  quiet: ({ run }) => run.id,
});
