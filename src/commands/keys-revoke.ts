import { defineCommand } from '../cli/command.js';
import type { RevokeKeysResult } from '../steps/keys.js';

export default defineCommand({
  name: 'keys revoke',
  summary: 'Take API keys back for good',
  description:
    'Servers that run refuse the keys within a second. A revoked key stays in the list (--all), so that usage and logs ' +
    'can name it, and cannot be brought back. To replace a key without a gap, make the new one first.',
  examples: [
    { command: 'aimaas keys revoke acme', does: 'by its name, if one key has it' },
    { command: 'aimaas keys revoke 3f0a91c2b4d7 77aa01d2c3b4', does: 'several, by their ids' },
  ],
  arguments: [
    { name: 'KEY', description: 'Name, id or beginning of the id of a key', required: true, variadic: true },
  ],
  options: {},
  async run(keys, _, context): Promise<RevokeKeysResult> {
    const { revokeKeys } = await import('../steps/keys.js');
    return revokeKeys({ keys }, context);
  },
  render({ revoked, left }, style) {
    const lines = revoked.map(({ id, name }) => `${style.green('✔')} ${id} (${name}) is revoked.`);
    if (left === 0) {
      lines.push(
        '',
        'No key can be used any more: servers of this workspace answer nobody.',
        `Next: ${style.bold('aimaas keys create NAME')}, or ${style.bold('aimaas serve --no-keys')}`,
      );
    }
    return lines.join('\n');
  },
  quiet: ({ revoked }) => revoked.map(({ id }) => id).join('\n'),
});
