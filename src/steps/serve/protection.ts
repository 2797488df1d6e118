import type { StepContext } from '../../core/step.js';
import type { AccessControl } from '../../server/access/access.js';
import { type BrowserOptions, isLoopback } from '../../server/browsers.js';
import type { TlsMaterial } from '../../server/tls.js';
import { type Accounts, openServerAccess } from './access.js';
import { type Exposure, exposureWarnings, requireSafe } from './exposure.js';
import type { ServeOptions } from './options.js';
import { openTls, type Renewable, renewTls, tlsFilesOf } from './tls.js';

/** Everything that stands between a server and those who can reach it. */
export interface Protection {
  readonly access: AccessControl;
  readonly browsers: BrowserOptions;
  readonly tls: TlsMaterial | undefined;
  /** What the user should know: message and hint. */
  readonly warnings: readonly (readonly [message: string, hint: string])[];
  /** Keeps the certificate of one more server up to date with its files. */
  renew(server: Renewable): void;
  close(): void;
}

/**
 * Opens keys and certificates.
 * @throws AimaasError USAGE when a certificate is wrong, or when everybody would be let in without being told to;
 * ARTIFACT_CORRUPT when the keys cannot be read.
 */
export async function openProtection(
  host: string,
  options: ServeOptions,
  accounts: Accounts,
  context: StepContext,
): Promise<Protection> {
  const opened = await openServerAccess(options, accounts, context);
  const { control } = opened;
  try {
    const files = tlsFilesOf(options);
    const exposure: Exposure = {
      host,
      keys: control.demanded,
      tls: files !== undefined,
      clientCertificates: files?.clientCa !== undefined,
      insecure: options.insecure === true,
    };
    requireSafe(exposure);
    const tls = files === undefined ? undefined : await openTls(files, context.reporter);
    const isOwnName = (name: string): boolean => control.demanded || isLoopback(name) || name === host;
    const renewed = new Set<Renewable>();
    let stopRenewal: (() => void) | undefined;
    return {
      access: control,
      browsers: {
        corsOrigins: options.corsOrigins,
        hosts: isLoopback(host) && !exposure.insecure ? isOwnName : undefined,
        secure: tls !== undefined,
      },
      tls,
      warnings: exposureWarnings(exposure),
      renew(server) {
        renewed.add(server);
        if (files !== undefined) stopRenewal ??= renewTls(files, renewed, context.reporter);
      },
      close() {
        stopRenewal?.();
        opened.close();
      },
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}
