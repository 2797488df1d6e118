import type { JsonObject } from './json.js';

/** Something that was done and is to be remembered. */
export type AuditEvent = {
  /** "user alice@host" or "key 3f0a91c2b4d7 (acme)". */
  readonly actor: string;
  /** What was done: keys.create, models.alias, server.manage, … */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  /** "ok", or what it failed with. */
  readonly result: string;
  readonly details: JsonObject;
};

/** One line of the audit log. */
export type AuditEntry = AuditEvent & {
  /** 1 for the first. */
  readonly seq: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** `hash` of the line before. */
  readonly previous: string;
  /** sha256 of all of the above. */
  readonly hash: string;
  /** HMAC-SHA256 of `hash` under the key of the workspace. */
  readonly seal: string;
};
