import { randomBytes } from 'node:crypto';
import { sha256 } from './hash.js';

/** A new key, its public id, and what is kept of it. */
export interface NewToken {
  readonly id: string;
  readonly token: string;
  readonly hash: string;
}

/**
 * Makes a key: `aimaas_<12 hex digits of public id>_<256 random bits, base64url>`.
 *
 * It is stored as a plain sha256. Slow hashes such as bcrypt or scrypt make up for passwords that can be guessed; 256
 * random bits cannot be, however fast they are tried, and a slow hash would cost every request what it costs a thief.
 */
export function newToken(): NewToken {
  const id = randomBytes(6).toString('hex');
  const token = `aimaas_${id}_${randomBytes(32).toString('base64url')}`;
  return { id, token, hash: sha256(token) };
}
