import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { AimaasError } from '../core/errors.js';

/** The oldest version of TLS that is spoken. */
export const OLDEST_TLS = 'TLSv1.2';

/** PEM files. */
export interface TlsFiles {
  /** The server's certificate, followed by those that lead to one that clients know. */
  readonly cert: string;
  /** Its private key, unencrypted. */
  readonly key: string;
  /** Certificates that clients' certificates must lead to. Without it clients need none. */
  readonly clientCa?: string | undefined;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer | undefined;
  /** When the server's certificate ends. */
  readonly validTo: Date;
}

/** Milliseconds between two looks at the files. */
const INTERVAL = 2_000;

/**
 * Reads and checks certificate and key.
 * @throws AimaasError USAGE naming the option and file: unreadable, not PEM, not belonging together, expired.
 */
export async function readTls(files: TlsFiles, now: number = Date.now()): Promise<TlsMaterial> {
  const cert = await read('--tls-cert', files.cert);
  const key = await read('--tls-key', files.key);
  const certificate = certificateFrom('--tls-cert', files.cert, cert);
  if (!certificate.checkPrivateKey(privateKeyFrom(files.key, key))) {
    throw problem(
      `The key in ${files.key} does not belong to the certificate in ${files.cert}.`,
      'The first certificate in --tls-cert must be the one that --tls-key was made for.',
    );
  }
  const validTo = new Date(certificate.validTo);
  const validFrom = new Date(certificate.validFrom);
  if (validTo.getTime() <= now) {
    throw problem(
      `The certificate in ${files.cert} expired at ${validTo.toISOString()}.`,
      'Renew it; a running server takes the new file by itself.',
    );
  }
  if (validFrom.getTime() > now) {
    throw problem(
      `The certificate in ${files.cert} is not valid before ${validFrom.toISOString()}.`,
      "Check this machine's clock, or wait.",
    );
  }
  if (files.clientCa === undefined) return { cert, key, validTo };
  const ca = await read('--tls-client-ca', files.clientCa);
  certificateFrom('--tls-client-ca', files.clientCa, ca);
  return { cert, key, ca, validTo };
}

/**
 * Looks at the files from time to time, and gives what they hold when they have changed. Files that are wrong, as between
 * the writing of a certificate and of its key, are told of once and looked at again.
 * @returns what ends it.
 */
export function watchTls(
  files: TlsFiles,
  onChange: (material: TlsMaterial) => void,
  onError: (error: unknown) => void,
  interval: number = INTERVAL,
): () => void {
  let seen: string | undefined;
  let failed = { state: '', told: false };
  let busy = false;
  async function look(): Promise<void> {
    const state = await stateOf(files);
    if (state === seen) return;
    if (seen === undefined) {
      seen = state;
      return;
    }
    try {
      const material = await readTls(files);
      seen = state;
      failed = { state: '', told: false };
      onChange(material);
    } catch (error) {
      // Once: and not what is only half written, which the next look finds changed.
      if (failed.state === state && !failed.told) onError(error);
      failed = { state, told: failed.state === state };
    }
  }
  const turn = (): void => {
    if (busy) return;
    busy = true;
    look()
      .catch(onError)
      .finally(() => (busy = false));
  };
  turn();
  const timer = setInterval(turn, interval);
  timer.unref();
  return () => clearInterval(timer);
}

async function stateOf(files: TlsFiles): Promise<string> {
  const states = [files.cert, files.key, files.clientCa].map(async (path) => {
    if (path === undefined) return '';
    return stat(path).then(
      ({ ino, mtimeMs, size }) => `${ino} ${mtimeMs} ${size}`,
      () => 'none',
    );
  });
  return (await Promise.all(states)).join(', ');
}

async function read(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : code;
    throw problem(`${option} ${path} cannot be read: ${why}.`, 'Name a PEM file.', error);
  }
}

function certificateFrom(option: string, path: string, bytes: Buffer): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch (error) {
    throw problem(
      `${option} ${path} is not a certificate in PEM form.`,
      'Expected a file that begins with -----BEGIN CERTIFICATE-----.',
      error,
    );
  }
}

function privateKeyFrom(path: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_MISSING_PASSPHRASE' || bytes.includes('ENCRYPTED')) {
      throw problem(
        `--tls-key ${path} is encrypted with a passphrase.`,
        `Write it without one: openssl pkey -in ${path} -out key.pem`,
        error,
      );
    }
    throw problem(
      `--tls-key ${path} is not a private key in PEM form.`,
      'Expected a file that begins with -----BEGIN PRIVATE KEY-----.',
      error,
    );
  }
}

function problem(message: string, hint: string, cause?: unknown): AimaasError {
  return new AimaasError('USAGE', message, { hint, cause });
}
