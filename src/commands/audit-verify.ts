import { defineCommand } from '../cli/command.js';
import type { VerifyAuditResult } from '../steps/audit.js';

export default defineCommand({
  name: 'audit verify',
  summary: 'Check that nobody changed the audit log',
  description:
    'Every line holds the hash of the one before and a seal by a key that only the owner of the workspace can read; a ' +
    'sealed head says how many lines there are. A line that was changed, removed, moved or added is named, and the exit ' +
    'code is 4. Who owns the workspace could write it all anew: keep what -q prints elsewhere, and check it with --holds.',
  examples: [
    { command: 'aimaas audit verify', does: 'is the log as it was written?' },
    {
      command: 'aimaas audit verify -q >> /mnt/elsewhere/heads',
      does: 'keep the place of the last entry elsewhere',
    },
    { command: 'aimaas audit verify --holds 41:8c1f03d2a7b9', does: 'and does it still hold that one?' },
  ],
  arguments: [],
  options: {
    holds: {
      type: 'string',
      placeholder: 'N:HASH',
      description: 'The place of an entry, as -q printed it once, that the log must still hold',
      commandLineOnly: true,
    },
  },
  async run(_, options, context): Promise<VerifyAuditResult> {
    const { verifyAudit } = await import('../steps/audit.js');
    return verifyAudit(options, context);
  },
  render({ entries, head, sealed, notes }, style) {
    if (head === null) return 'There is no audit log yet.';
    const how = sealed ? 'all sealed' : 'seals not checked, as access/audit.key is not here';
    return [
      `${style.green('✔')} ${entries} entries, unbroken, ${how}.`,
      `Last: ${head}`,
      ...notes.map((note) => style.yellow(note)),
    ].join('\n');
  },
  quiet: ({ head }) => head ?? '',
});
