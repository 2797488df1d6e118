import { defineCommand } from '../cli/command.js';
import { formatAge, formatBytes } from '../cli/format.js';
import { AimaasError } from '../core/errors.js';
import type { PruneResult } from '../steps/prune.js';

export default defineCommand({
  name: 'prune',
  summary: 'Remove old data sets, feature sets, runs and models',
  description:
    'Removes what is old by age, by count or, with both, by both. What the current run, an alias or an exported model was made of always stays; so do model versions, unless --models is given. Leftovers of killed commands go after a day.',
  examples: [
    { command: 'aimaas prune --older-than 30d --dry-run', does: 'what a month would free, without doing it' },
    { command: 'aimaas prune --keep 5 --yes', does: 'keep the newest five of each kind' },
    {
      command: 'aimaas prune --older-than 90d --keep 3 --models --yes',
      does: 'old model versions too, those no alias points at',
    },
  ],
  arguments: [],
  options: {
    olderThan: {
      type: 'duration',
      placeholder: 'AGE',
      minimum: 0,
      description: 'Only what was made longer ago: 12h, 30d, 8w',
    },
    keep: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      description: 'Keep the newest N of each kind, and of the versions of each model',
    },
    models: { type: 'boolean', description: 'Remove versions of models, too: those no alias points at' },
    dryRun: { type: 'boolean', description: 'Only show what would be removed', commandLineOnly: true },
  },
  async run(_, options, context): Promise<PruneResult> {
    const { prune } = await import('../steps/prune.js');
    const plan = await prune({ ...options, dryRun: true }, context);
    if (options.dryRun === true || plan.removed.length === 0) return plan;
    const question = `Remove ${plan.removed.length} items (${formatBytes(plan.bytes)})?`;
    if (!(await context.confirm(question))) {
      throw new AimaasError(
        'USAGE',
        `Nothing was removed: removing ${plan.removed.length} items needs a yes.`,
        {
          hint: 'Look at them with --dry-run, then add --yes.',
        },
      );
    }
    return prune({ ...options, dryRun: false }, context);
  },
  render({ removed, kept, bytes, dryRun }, style) {
    const lines: string[] = [];
    if (removed.length === 0) lines.push('Nothing is old enough to remove.');
    else {
      const rows = removed.map((item) => [
        item.kind,
        item.name,
        formatAge(item.createdAt),
        formatBytes(item.bytes),
      ]);
      lines.push(style.table(['kind', 'name', 'made', 'size'], rows));
      const verb = dryRun ? 'Would remove' : `${style.green('✔')} Removed`;
      lines.push(
        `${verb} ${removed.length} ${removed.length === 1 ? 'item' : 'items'}, ${formatBytes(bytes)}.`,
      );
    }
    if (kept.length > 0) {
      lines.push(
        style.dim(`Old, but needed: ${kept.map(({ kind, name }) => `${kind} ${name}`).join(', ')}.`),
      );
    }
    return lines.join('\n\n');
  },
  quiet: ({ removed }) => removed.map(({ name }) => name).join('\n'),
});
