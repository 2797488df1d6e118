import type { CommandContext, OptionSpec } from '../cli/command.js';
import type { TrustOptions } from '../steps/model-trust.js';

const group = 'Protected models';

/** Options of every command that opens a model: what opens it if it is encrypted, and who must have signed it. */
export const TRUST_OPTIONS = {
  requireSignature: {
    type: 'string',
    placeholder: 'PUBKEY',
    repeatable: true,
    description: 'Refuse models that are not signed by the key in this file, or one of several',
    group,
  },
  encryptionKey: {
    type: 'string',
    placeholder: 'FILE',
    description: 'The key of an encrypted model',
    group,
  },
  passphraseFile: {
    type: 'string',
    placeholder: 'FILE',
    description: 'Its passphrase: the first line of the file (also AIMAAS_PASSPHRASE, the passphrase itself)',
    group,
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

/** What the options and the environment say. */
export function trustOf(options: TrustOptions, { env }: CommandContext): TrustOptions {
  const { requireSignature, encryptionKey, passphraseFile } = options;
  return { requireSignature, encryptionKey, passphraseFile, passphrase: passphraseIn(env) };
}

/** A passphrase is never an option: other users see the command lines of this machine, and shells keep them. */
export function passphraseIn(env: CommandContext['env']): string | undefined {
  return env['AIMAAS_PASSPHRASE'];
}
