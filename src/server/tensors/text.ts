import type { Bytes } from './datatype.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text that an element of a BYTES tensor is, or undefined where its bytes are not UTF-8. */
export function textOf(bytes: Bytes): string | undefined {
  if (typeof bytes === 'string') return bytes;
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined;
  }
}
