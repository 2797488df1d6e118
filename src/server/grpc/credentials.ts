import { ServerCredentials } from '@grpc/grpc-js';
import type { SecureContextOptions } from 'node:tls';
import { OLDEST_TLS, type TlsMaterial } from '../tls.js';

/** A certificate that can be replaced while the server runs; with an authority, clients need one of theirs. */
export class RenewableCredentials extends ServerCredentials {
  constructor(material: TlsMaterial) {
    const requestCert = material.ca !== undefined;
    super({ requestCert, rejectUnauthorized: requestCert }, contextOf(material));
  }

  renew(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOf(material));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ cert, key, ca }: TlsMaterial): SecureContextOptions {
  return { cert, key, minVersion: OLDEST_TLS, ...(ca === undefined ? {} : { ca }) };
}
