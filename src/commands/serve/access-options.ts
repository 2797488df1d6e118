import type { OptionSpec } from '../../cli/command.js';
import { ORIGIN } from '../text-forms.js';

const group = 'Access';

/** Options of `serve` about who may use it, and how connections are protected. */
export const ACCESS_OPTIONS = {
  keys: {
    type: 'boolean',
    description: 'Demand an API key with every request; --no-keys: never',
    defaultText: 'as soon as the workspace has keys',
    group,
  },
  keysFile: {
    type: 'string',
    placeholder: 'FILE',
    description: 'Take the keys from this copy of access/keys.json, and demand one',
    group,
  },
  insecure: {
    type: 'boolean',
    description: 'Serve beyond this machine though there are neither API keys nor TLS',
    group,
  },
  tlsCert: {
    type: 'string',
    placeholder: 'FILE',
    description:
      'Speak HTTPS with this certificate (PEM, with its chain); a new file is taken without a restart',
    group,
  },
  tlsKey: {
    type: 'string',
    placeholder: 'FILE',
    description: 'Private key of --tls-cert (PEM)',
    group,
  },
  tlsClientCa: {
    type: 'string',
    placeholder: 'FILE',
    description: 'Let in only clients with a certificate that leads to these (PEM)',
    group,
  },
  corsOrigin: {
    type: 'string',
    form: ORIGIN,
    placeholder: 'ORIGIN',
    repeatable: true,
    description: 'Let web pages of this origin use it, such as https://app.example.com; * for all',
    group,
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
