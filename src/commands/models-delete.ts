import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { DeleteModelsResult } from '../steps/models.js';

export default defineCommand({
  name: 'models delete',
  summary: 'Delete versions of models that no alias points at',
  description: 'The number of a deleted version is not given again.',
  examples: [
    { command: 'aimaas models delete penguins/2 --yes', does: 'delete a version without being asked' },
    { command: 'aimaas models delete penguins --all --force', does: 'delete a model with its aliases' },
  ],
  arguments: [
    {
      name: 'MODEL',
      description: 'Versions as NAME/VERSION or NAME@ALIAS; names with --all',
      required: true,
      variadic: true,
    },
  ],
  options: {
    all: { type: 'boolean', description: 'Every version of the named models', commandLineOnly: true },
    force: {
      type: 'boolean',
      description: 'Also versions that aliases point at, with those aliases',
      commandLineOnly: true,
    },
  },
  async run(args, { all, force }, context): Promise<DeleteModelsResult> {
    const what = `${args.join(', ')}${all === true ? ' with all versions' : ''}`;
    if (!(await context.confirm(`Delete ${what}?`))) {
      throw new AimaasError('USAGE', `Nothing was deleted: deleting ${what} needs a yes.`, {
        hint: `aimaas models delete ${args.join(' ')} --yes`,
      });
    }
    const { deleteModels } = await import('../steps/models.js');
    return deleteModels({ models: args, all, force }, context);
  },
  render({ deleted, removedAliases }, style) {
    const versions = deleted.map(({ name, version }) => `${name}/${version}`).join(', ');
    const aliases = removedAliases.length === 0 ? '' : `, and ${removedAliases.join(', ')}`;
    return `${style.green('✔')} Deleted ${versions}${aliases}.`;
  },
  quiet: ({ deleted }) => deleted.map(({ name, version }) => `${name}/${version}`).join('\n'),
});
