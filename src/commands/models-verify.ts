import { defineCommand } from '../cli/command.js';
import type { VerifyModelResult } from '../steps/verify-model.js';
import { TRUST_OPTIONS, trustOf } from './trust-options.js';

export default defineCommand({
  name: 'models verify',
  summary: 'Check that nobody changed a model since it was exported, and who signed it',
  description:
    'Compares every file with the manifest, and the manifest with its signature. Exit code 4 names the first file that ' +
    'was changed, added or removed. serve, predict and evaluate check the same of signed models before they use them. ' +
    'Without a signature whoever changes a file can change the manifest as well.',
  examples: [
    { command: 'aimaas models verify', does: 'the newest model' },
    {
      command: 'aimaas models verify ./deploy --require-signature release.pem.pub',
      does: 'a copy, which must be signed by this key',
    },
  ],
  arguments: [{ name: 'MODEL', description: 'Name, name@alias, name/version or path; default: the newest' }],
  options: TRUST_OPTIONS,
  async run([model], options, context): Promise<VerifyModelResult> {
    const { verifyModel } = await import('../steps/verify-model.js');
    return verifyModel({ model, ...trustOf(options, context) }, context);
  },
  render({ name, version, signer, encrypted, files, folder }, style) {
    const what = style.bold(version === null ? name : `${name}/${version}`);
    const by = signer === null ? 'not signed' : `signed by ${signer}`;
    return `${style.green('✔')} ${what}: ${files} files as they were exported, ${by}${encrypted ? ', encrypted' : ''}.\n${folder}`;
  },
  quiet: ({ signer }) => signer ?? '',
});
