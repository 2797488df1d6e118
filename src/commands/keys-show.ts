import { defineCommand } from '../cli/command.js';
import { modelsText, quotaText, rateText } from '../cli/key-text.js';
import type { ShowKeyResult } from '../steps/keys.js';

export default defineCommand({
  name: 'keys show',
  summary: 'Show what an API key may do',
  description: 'The key itself was shown when it was made and is not kept.',
  examples: [
    { command: 'aimaas keys show acme', does: 'by its name' },
    { command: 'aimaas keys show 3f0a91c2b4d7', does: 'by its id, as logs have it' },
  ],
  arguments: [{ name: 'KEY', description: 'Name, id or beginning of the id of a key', required: true }],
  options: {},
  async run([key = ''], _, context): Promise<ShowKeyResult> {
    const { showKey } = await import('../steps/keys.js');
    return showKey({ key }, context);
  },
  render({ key }, style) {
    const rows = [
      ['id', key.id],
      ['name', key.name],
      ['state', key.revokedAt === null ? key.state : `revoked ${key.revokedAt}`],
      ['scopes', key.scopes.join(', ')],
      ['models', modelsText(key)],
      ['rate limit', rateText(key)],
      ['quota', quotaText(key)],
      ['made', key.createdAt],
      ['expires', key.expiresAt ?? 'never'],
    ];
    return `${style.table(['', 'value'], rows)}\n\nNext: ${style.bold(`aimaas usage --key ${key.id}`)}`;
  },
  quiet: ({ key }) => key.id,
});
