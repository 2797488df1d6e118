import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { GenerateKeyResult } from '../steps/generate-key.js';

const KINDS = ['signing', 'encryption'] as const;

export default defineCommand({
  name: 'keys generate',
  summary: 'Write a key file to sign or encrypt exported models with',
  description:
    'signing: an Ed25519 pair; FILE is for export --sign and is to be kept secret, FILE.pub is for --require-signature. ' +
    'encryption: 256 random bits, for --encryption-key of export and of the commands that open the model. Both are ' +
    'readable by their owner only and overwrite nothing. A lost encryption key cannot be had again, nor what it encrypts.',
  examples: [
    { command: 'aimaas keys generate signing release.pem', does: 'release.pem and release.pem.pub' },
    { command: 'aimaas keys generate encryption model.key', does: 'a key instead of a passphrase' },
  ],
  arguments: [
    { name: 'KIND', description: 'signing or encryption', required: true },
    { name: 'FILE', description: 'A new file for the key', required: true },
  ],
  options: {},
  async run([wanted = '', file = '']): Promise<GenerateKeyResult> {
    const kind = KINDS.find((name) => name === wanted);
    if (kind === undefined) {
      throw new AimaasError('USAGE', `"${wanted}" is no kind of key file. ${didYouMean(wanted, KINDS)}`, {
        hint: 'aimaas keys generate signing FILE; keys for users are made by: aimaas keys create NAME',
      });
    }
    const { generateKey } = await import('../steps/generate-key.js');
    return generateKey({ kind, file });
  },
  render({ kind, file, publicFile, id }, style) {
    const done = style.green('✔');
    if (kind === 'encryption') {
      return `${done} ${file}: keep it, and keep it secret.\n\nNext: ${style.bold(`aimaas export --encryption-key ${file}`)}`;
    }
    return [
      `${done} ${file}: signs models as ${style.bold(String(id))}; keep it secret.`,
      `${done} ${String(publicFile)}: for those who check.`,
      '',
      `Next: ${style.bold(`aimaas export --sign ${file}`)} and ${style.bold(`aimaas serve --require-signature ${String(publicFile)}`)}`,
    ].join('\n');
  },
  quiet: ({ file }) => file,
});
