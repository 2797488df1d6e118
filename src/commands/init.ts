import { relative } from 'node:path';
import { defineCommand } from '../cli/command.js';
import type { InitResult } from '../steps/init.js';

/** Commands, besides collect, whose settings the new file explains: those of the path from data to a service. */
const EXPLAINED = ['preprocess', 'train', 'evaluate', 'export', 'serve'];

export default defineCommand({
  name: 'init',
  summary: 'Write a commented aimaas.yaml for a project',
  description:
    'Looks for data files in the folder, writes an aimaas.yaml for the largest of them with every common setting as a comment, and keeps the workspace out of git. Editors with YAML support check the file against the schema that comes with aimaas.',
  examples: [
    { command: 'aimaas init', does: 'set up the current folder' },
    {
      command: 'aimaas init churn --target cancelled',
      does: 'set up the folder churn, to predict the column cancelled',
    },
  ],
  arguments: [
    { name: 'DIR', description: 'Folder of the project, made if it is not there; default: the current one' },
  ],
  options: {
    target: {
      type: 'string',
      placeholder: 'COL',
      description: 'Column to predict',
      commandLineOnly: true,
    },
    force: { type: 'boolean', description: 'Replace an aimaas.yaml that is there', commandLineOnly: true },
  },
  async run(args, options, context): Promise<InitResult> {
    const { init } = await import('../steps/init.js');
    const { configReference, settingComments } = await import('../cli/config-template.js');
    const { COMMANDS } = await import('./index.js');
    const { default: collect } = await import('./collect.js');
    const explained = COMMANDS.filter((entry) => EXPLAINED.includes(entry.name));
    const comments = {
      collect: settingComments(collect, ['target']),
      below: configReference(await Promise.all(explained.map((entry) => entry.load()))),
    };
    return init({ directory: args[0], target: options.target, force: options.force, comments }, context);
  },
  render(result, style) {
    const file = relative(process.cwd(), result.config);
    const lines = [`${style.green('✔')} Wrote ${file}.`];
    const [source] = result.dataFiles;
    if (source === undefined) lines.push('No data file found: name one under collect.sources.');
    else
      lines.push(
        `Data: ${source}${result.columns.length === 0 ? '' : ` (${result.columns.length} columns)`}`,
      );
    if (source !== undefined && result.target === null) {
      const last = result.columns.at(-1);
      lines.push(
        `Set collect.target to the column to predict${last === undefined ? '' : `, such as ${last}`}.`,
      );
    }
    lines.push('', `Next: ${style.bold('aimaas run')}`);
    return lines.join('\n');
  },
  quiet: (result) => result.config,
});
