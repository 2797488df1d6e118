import { defineCommand } from '../cli/command.js';
import type { ShowAuditResult } from '../steps/audit.js';

export default defineCommand({
  name: 'audit show',
  summary: 'Show who did what with the keys and models of the workspace',
  description:
    'API keys made and revoked, models exported, aliases moved, what was deleted or pruned, what servers were told to ' +
    'load and unload, and with serve --audit-predictions every prediction. The log is checked while it is read.',
  examples: [
    { command: 'aimaas audit show', does: 'everything, oldest first' },
    {
      command: 'aimaas audit show --action keys --since 2026-01-01',
      does: 'what happened to keys this year',
    },
    { command: 'aimaas audit show --limit 20 --json', does: 'the newest twenty, for a script' },
  ],
  arguments: [],
  options: {
    since: {
      type: 'string',
      placeholder: 'DAY',
      description: 'First day (UTC), such as 2026-01-31',
      commandLineOnly: true,
    },
    until: { type: 'string', placeholder: 'DAY', description: 'Last day, included', commandLineOnly: true },
    action: {
      type: 'string',
      placeholder: 'NAME',
      repeatable: true,
      description: 'Only these actions, or those that begin so: keys, models.alias',
      commandLineOnly: true,
    },
    limit: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      description: 'Only the newest N',
      commandLineOnly: true,
    },
  },
  async run(_, options, context): Promise<ShowAuditResult> {
    const { showAudit } = await import('../steps/audit.js');
    return showAudit(options, context);
  },
  render({ entries }, style) {
    if (entries.length === 0) return 'Nothing has been remembered.';
    const rows = entries.map(({ seq, time, actor, action, target, result, details }) => [
      seq,
      time.slice(0, 19).replace('T', ' '),
      actor,
      action,
      target,
      result,
      Object.entries(details)
        .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' '),
    ]);
    return style.table(['', 'time (UTC)', 'who', 'what', 'of', 'result', ''], rows);
  },
  quiet: ({ entries }) => String(entries.length),
});
