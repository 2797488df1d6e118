import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Json, stableStringify } from '../core/json.js';

/** Length of an artifact id: 48 bits of a sha256, in hexadecimal. */
const ID_LENGTH = 12;

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The id of whatever is made from exactly these inputs and parameters. */
export function idOf(key: Json): string {
  return sha256(stableStringify(key)).slice(0, ID_LENGTH);
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
