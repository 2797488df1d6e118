import { AimaasError } from '../../core/errors.js';
import { isLoopback } from '../../server/browsers.js';

export interface Exposure {
  readonly host: string;
  /** Whether requests need a key. */
  readonly keys: boolean;
  /** Whether connections are encrypted. */
  readonly tls: boolean;
  /** Whether clients need a certificate. */
  readonly clientCertificates: boolean;
  /** The user said that it is meant so. */
  readonly insecure: boolean;
}

/**
 * A server that others can reach must know them, or at least not be overheard, unless its user says that neither is
 * needed: behind a proxy that does both, or in a closed network.
 * @throws AimaasError USAGE.
 */
export function requireSafe({ host, keys, tls, clientCertificates, insecure }: Exposure): void {
  if (isLoopback(host) || keys || tls || clientCertificates || insecure) return;
  throw new AimaasError(
    'USAGE',
    `Everyone who can reach ${host} could use the models: there are no API keys and no TLS.`,
    {
      hint: 'Make a key (aimaas keys create NAME), give --tls-cert and --tls-key, or say --insecure if a proxy or the network keeps others out.',
    },
  );
}

/** What a user should know of a server that others can reach: message and hint, in order of weight. */
export function exposureWarnings(exposure: Exposure): readonly (readonly [message: string, hint: string])[] {
  const { host, keys, tls, clientCertificates } = exposure;
  if (isLoopback(host)) return [];
  const warnings: [string, string][] = [];
  if (!keys && !clientCertificates) {
    warnings.push([
      `Everyone who can reach ${host} can use the models: no API keys are demanded.`,
      'aimaas keys create NAME',
    ]);
  }
  if (keys && !tls) {
    warnings.push([
      `API keys and data cross the network to ${host} unencrypted, unless a proxy in front speaks TLS.`,
      'aimaas serve --tls-cert FILE --tls-key FILE',
    ]);
  }
  return warnings;
}
