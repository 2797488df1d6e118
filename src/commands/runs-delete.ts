import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { DeleteRunsResult } from '../steps/delete-runs.js';

export default defineCommand({
  name: 'runs delete',
  summary: 'Delete runs that no exported model was made of',
  examples: [
    { command: 'aimaas runs delete 3fa2 81bc --yes', does: 'delete two runs without being asked' },
    {
      command: 'aimaas runs delete --yes $(aimaas runs list --where state=failed -q)',
      does: 'delete all that failed',
    },
  ],
  arguments: [
    { name: 'RUN', description: 'Ids of the runs, or their beginnings', required: true, variadic: true },
  ],
  options: {
    force: {
      type: 'boolean',
      description: 'Delete runs that exported models were made of, too',
      commandLineOnly: true,
    },
  },
  async run(args, options, context): Promise<DeleteRunsResult> {
    const what = args.length === 1 ? `run ${args[0] ?? ''}` : `${args.length} runs`;
    if (!(await context.confirm(`Delete ${what}?`))) {
      throw new AimaasError('USAGE', `Nothing was deleted: deleting ${what} needs a yes.`, {
        hint: `aimaas runs delete ${args.join(' ')} --yes`,
      });
    }
    const { deleteRuns } = await import('../steps/delete-runs.js');
    return deleteRuns({ runs: args, force: options.force }, context);
  },
  render: ({ deleted }, style) =>
    `${style.green('✔')} Deleted ${deleted.length === 1 ? 'run' : 'runs'} ${deleted.join(', ')}.`,
  quiet: ({ deleted }) => deleted.join('\n'),
});
