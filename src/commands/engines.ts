import { defineCommand } from '../cli/command.js';
import type { EnginesResult } from '../steps/engines.js';

export default defineCommand({
  name: 'engines',
  summary: 'List what can compute on this machine, and why the rest cannot',
  examples: [
    { command: 'aimaas engines', does: 'engines and their devices' },
    { command: 'aimaas engines -q', does: 'names of those that can be used, for a script' },
  ],
  arguments: [],
  options: {},
  async run(): Promise<EnginesResult> {
    const { engines } = await import('../steps/engines.js');
    return engines();
  },
  render({ engines, auto, node, platform }, style) {
    const lines = engines.flatMap(({ name, available, reason, version, devices }) => {
      const mark = available ? style.green('✔') : style.red('✖');
      const facts = [
        version,
        available ? devices.join(', ') : null,
        name === auto ? 'used by --engine auto' : null,
      ];
      const head = `${mark} ${style.bold(name)}  ${facts.filter((fact) => fact !== null).join('  ')}`;
      return reason === null ? [head] : [head, `  ${reason}`];
    });
    lines.push('', style.dim(`Node ${node} on ${platform}`));
    return lines.join('\n');
  },
  quiet: ({ engines }) =>
    engines
      .filter(({ available }) => available)
      .map(({ name }) => name)
      .join('\n'),
});
