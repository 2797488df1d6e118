import { AimaasError } from '../../core/errors.js';
import type { Reporter } from '../../core/reporter.js';
import { readTls, type TlsFiles, type TlsMaterial, watchTls } from '../../server/tls.js';
import type { ServeOptions } from './options.js';

/** Milliseconds before the end of a certificate from which on its user is told. */
const SOON = 14 * 24 * 3600 * 1000;

/**
 * The files that the options name, undefined without TLS.
 * @throws AimaasError USAGE when one of certificate and key is missing.
 */
export function tlsFilesOf({ tlsCert, tlsKey, tlsClientCa }: ServeOptions): TlsFiles | undefined {
  if (tlsCert !== undefined && tlsKey !== undefined) {
    return { cert: tlsCert, key: tlsKey, clientCa: tlsClientCa };
  }
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined;
  const missing = [tlsCert === undefined ? '--tls-cert' : '', tlsKey === undefined ? '--tls-key' : ''];
  const words = missing.filter((name) => name !== '').join(' and ');
  throw new AimaasError('USAGE', `TLS needs a certificate and its key; ${words} is missing.`, {
    hint: 'aimaas serve --tls-cert cert.pem --tls-key key.pem',
  });
}

/** Reads the certificate, and says so if it ends soon. */
export async function openTls(files: TlsFiles, reporter: Reporter): Promise<TlsMaterial> {
  const material = await readTls(files);
  warnOfEnd(files, material, reporter);
  return material;
}

/** A server whose new connections get another certificate from now on. */
export interface Renewable {
  renewTls(material: TlsMaterial): void;
}

/** Keeps the certificate of servers up to date with its files. @returns what ends it. */
export function renewTls(files: TlsFiles, servers: Iterable<Renewable>, reporter: Reporter): () => void {
  return watchTls(
    files,
    (material) => {
      for (const server of servers) server.renewTls(material);
      reporter.info(`New connections get the certificate that is in ${files.cert} now.`);
      warnOfEnd(files, material, reporter);
    },
    (error) => {
      const what = error instanceof Error ? error.message : String(error);
      reporter.warn(`The certificate stays as it was: ${what}`);
    },
  );
}

function warnOfEnd({ cert }: TlsFiles, { validTo }: TlsMaterial, reporter: Reporter): void {
  if (validTo.getTime() - Date.now() > SOON) return;
  reporter.warn(
    `The certificate in ${cert} expires at ${validTo.toISOString()}.`,
    'Renew it; the new file is taken without a restart.',
  );
}
