import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { AliasModelResult } from '../steps/models.js';

function isVersion(text: string): boolean {
  return /^v?\d+$/i.test(text) || text === 'latest';
}

/** NAME@ALIAS and NAME/VERSION name versions elsewhere; here name, version and alias are words of their own. */
function checkName(name: string, version: string, alias: string | undefined, remove: boolean): void {
  const [, model, mark, rest] = /^([^@/]+)([@/])(.+)$/su.exec(name) ?? [];
  if (model === undefined || rest === undefined) return;
  const isAlias = mark === '@' && !isVersion(rest);
  const words = remove
    ? [isAlias ? rest : version, '--remove']
    : isAlias
      ? [version, rest]
      : [rest, alias ?? (isVersion(version) ? 'champion' : version)];
  throw new AimaasError('USAGE', `"${name}" is not the name of a model: write its name, then the version.`, {
    hint: `aimaas models alias ${model} ${words.join(' ')}`,
  });
}

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
    checkName(name, version, alias, remove === true);
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
    if (!isVersion(version)) {
      throw new AimaasError('USAGE', `Which version of ${name} is "${version}" to point at?`, {
        hint: `aimaas models alias ${name} latest ${version}`,
      });
    }
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
