import type { ApiKey } from '../../src/core/api-key.js';
import type { KeySource } from '../../src/server/access/key-ring.js';
import { newToken } from '../../src/workspace/key-token.js';

/** Keys that a test makes, changes and revokes while the server runs. */
export class TestKeys implements KeySource {
  private keys: ApiKey[] | undefined;
  private changes = 0;

  read(): Promise<readonly ApiKey[] | undefined> {
    return Promise.resolve(this.keys);
  }

  revision(): Promise<string> {
    return Promise.resolve(String(this.changes));
  }

  add(changes: Partial<ApiKey> = {}): string {
    const { id, token, hash } = newToken();
    const key: ApiKey = {
      id,
      hash,
      name: id,
      createdAt: new Date().toISOString(),
      scopes: ['predict'],
      models: [],
      expiresAt: null,
      revokedAt: null,
      rateLimit: null,
      quotas: [],
      ...changes,
    };
    this.keys = [...(this.keys ?? []), key];
    this.changes++;
    return token;
  }

  revoke(token: string): void {
    const revokedAt = new Date().toISOString();
    this.keys = this.keys?.map((key) => (token.includes(key.id) ? { ...key, revokedAt } : key));
    this.changes++;
  }

  removeAll(): void {
    this.keys = undefined;
    this.changes++;
  }
}
