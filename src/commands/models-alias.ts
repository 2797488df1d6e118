import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { AliasModelResult } from '../steps/models.js';

export default defineCommand({
  name: 'models alias',
  summary: 'Point an alias such as champion at a version, or remove it',
  description:
    'An alias is a name for one version that can be moved at any time: serve and predict take it as NAME@ALIAS. ' +
    '"latest" always means the highest version and cannot be set.',
  examples: [
    { command: 'aimaas models alias penguins 3 champion', does: 'make version 3 the champion' },
    { command: 'aimaas models alias penguins latest staging', does: 'the newest version' },
    { command: 'aimaas models alias penguins champion previous', does: 'what another alias points at' },
    { command: 'aimaas models alias penguins staging --remove', does: 'remove an alias' },
  ],
  arguments: [
    { name: 'NAME', description: 'Name of the model', required: true },
    {
      name: 'VERSION',
      description: 'A version, latest or another alias; with --remove, the alias to remove',
      required: true,
    },
    { name: 'ALIAS', description: 'The alias to set' },
  ],
  options: {
    remove: { type: 'boolean', description: 'Remove the alias', commandLineOnly: true },
  },
  async run([name = '', version = '', alias], { remove }, context): Promise<AliasModelResult> {
    const { aliasModel, removeAlias } = await import('../steps/models.js');
    if (remove === true) {
      if (alias === undefined) return removeAlias({ name, alias: version }, context);
      throw new AimaasError(
        'USAGE',
        `--remove takes a model and an alias, not a version: ${version} ${alias}`,
        {
          hint: `aimaas models alias ${name} ${alias} --remove`,
        },
      );
    }
    if (alias !== undefined) return aliasModel({ name, version, alias }, context);
    throw new AimaasError('USAGE', `Which alias is to point at version ${version} of ${name}?`, {
      hint: `aimaas models alias ${name} ${version} champion`,
    });
  },
  render({ name, alias, version, previous }, style) {
    const label = style.bold(`${name}@${alias}`);
    const done = style.green('✔');
    if (version === null) return `${done} ${label} is removed; it pointed at version ${String(previous)}.`;
    const before = previous === null || previous === version ? '' : ` (before: ${previous})`;
    return `${done} ${label} is version ${version}${before}.\n\nNext: ${style.bold(`aimaas serve ${name}@${alias}`)}`;
  },
  quiet: ({ name, alias, version, previous }) =>
    version === null ? `${name}/${String(previous)}` : `${name}@${alias}`,
});
