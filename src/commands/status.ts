import { relative } from 'node:path';
import { defineCommand } from '../cli/command.js';
import type { StatusResult } from '../steps/status.js';

export default defineCommand({
  name: 'status',
  summary: 'Say which steps are up to date, missing or out of date, and why',
  examples: [
    { command: 'aimaas status', does: 'where the project stands' },
    { command: 'aimaas status -q', does: 'the first step that "aimaas run" would do, or nothing' },
  ],
  arguments: [],
  options: {},
  async run(_args, _options, context): Promise<StatusResult> {
    const { pipelineStages } = await import('./stages.js');
    const { status } = await import('../steps/status.js');
    const stages = await pipelineStages(context, { overrides: {}, asLastDone: true, force: false });
    return status(
      { settings: Object.fromEntries(stages.map(({ step, settings }) => [step, settings])) },
      context,
    );
  },
  render({ workspace, steps, runs, models }, style) {
    const mark = {
      'up to date': style.green('✔'),
      missing: style.dim('○'),
      'out of date': style.yellow('!'),
    } as const;
    const width = Math.max(...steps.map(({ step }) => step.length));
    const lines = steps.map(({ step, state, reason, made }) => {
      const id = made === null ? '' : `${made}  `;
      return `${mark[state]} ${style.bold(step.padEnd(width))}  ${state.padEnd(11)}  ${id}${style.dim(reason)}`;
    });
    const versions = models.map(
      ({ name, version, aliases }) => `${name}/${version}${aliases.map((alias) => ` @${alias}`).join('')}`,
    );
    const folder = relative(process.cwd(), workspace);
    lines.push(
      '',
      `Workspace ${folder === '' ? '.' : folder}: ${runs} ${runs === 1 ? 'run' : 'runs'}, models: ${versions.length === 0 ? 'none' : versions.join(', ')}`,
    );
    const due = steps.find(({ state }) => state !== 'up to date');
    if (due !== undefined) {
      const command =
        due.step === 'collect' && due.state === 'missing'
          ? 'aimaas run data.csv --target COLUMN'
          : 'aimaas run';
      lines.push('', `Next: ${style.bold(command)}`);
    }
    return lines.join('\n');
  },
  quiet: ({ steps }) => steps.find(({ state }) => state !== 'up to date')?.step ?? '',
});
