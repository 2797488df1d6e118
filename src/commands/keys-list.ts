import { defineCommand } from '../cli/command.js';
import { formatAge } from '../cli/format.js';
import { modelsText, quotaText, rateText } from '../cli/key-text.js';
import type { ListKeysResult } from '../steps/keys.js';

export default defineCommand({
  name: 'keys list',
  summary: 'List the API keys of the workspace',
  description: 'Keys that were revoked or have expired are left out unless --all is given.',
  examples: [
    { command: 'aimaas keys', does: 'the keys that can be used, newest first' },
    { command: 'aimaas keys list --all --json', does: 'also those that cannot, for a script' },
  ],
  arguments: [],
  options: {
    all: { type: 'boolean', description: 'Also revoked and expired keys', commandLineOnly: true },
  },
  async run(_, options, context): Promise<ListKeysResult> {
    const { listKeys } = await import('../steps/keys.js');
    return listKeys(options, context);
  },
  render({ keys }, style) {
    if (keys.length === 0) {
      return `No API keys: servers of this workspace answer whoever reaches them.\n\nNext: ${style.bold('aimaas keys create NAME')}`;
    }
    const rows = keys.map((key) => [
      key.id,
      key.name,
      key.state,
      key.scopes.join(', '),
      modelsText(key),
      rateText(key),
      quotaText(key),
      formatAge(key.createdAt),
      key.expiresAt?.slice(0, 10) ?? 'never',
    ]);
    const headings = ['id', 'name', 'state', 'scopes', 'models', 'rate', 'quota', 'made', 'expires'];
    return style.table(headings, rows);
  },
  quiet: ({ keys }) => keys.map(({ id }) => id).join('\n'),
});
