import { fileURLToPath } from 'node:url';

/** A test-only certificate or key; see test/fixtures/tls/make.sh. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
}
