import { defineCommand } from '../cli/command.js';
import type { EnginesResult } from '../steps/engines.js';

export default defineCommand({
  name: 'engines list',
  summary: 'List what can compute on this machine, and why the rest cannot',
  examples: [
    { command: 'aimaas engines', does: 'engines and their devices' },
    { command: 'aimaas engines list -q', does: 'names of those that can be used, for a script' },
  ],
  arguments: [],
  options: {},
  async run(): Promise<EnginesResult> {
    const { engines } = await import('../steps/engines.js');
    return engines();
  },
  render({ engines, auto, autoReason, node, platform }, style) {
    const lines = engines.flatMap(({ name, available, reason, version, devices, note }) => {
      const mark = available ? style.green('✔') : style.red('✖');
      const facts = [version, available ? devices.join(', ') : null];
      const head = `${mark} ${style.bold(name)}  ${facts.filter((fact) => fact !== null).join('  ')}`;
      return [head, ...[reason, note].flatMap((text) => (text === null ? [] : [`  ${text}`]))];
    });
    lines.push('', `--engine auto is ${auto}. ${autoReason}`, style.dim(`Node ${node} on ${platform}`));
    return lines.join('\n');
  },
  quiet: ({ engines }) =>
    engines
      .filter(({ available }) => available)
      .map(({ name }) => name)
      .join('\n'),
});
