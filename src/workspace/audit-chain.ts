import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AuditEntry, AuditEvent } from '../core/audit.js';
import { isJsonObject, type Json, stableStringify } from '../core/json.js';
import { sha256 } from './hash.js';

/** How far a log goes: the place of its last line. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first line. */
export const CHAIN_START: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

/** The next line of a log, with its newline. */
export function nextLine(
  event: AuditEvent,
  end: ChainEnd,
  key: Buffer,
  time: Date,
): { readonly line: string; readonly end: ChainEnd } {
  const { actor, action, target, result, details } = event;
  const body = {
    seq: end.seq + 1,
    time: time.toISOString(),
    actor,
    action,
    target,
    result,
    details,
    previous: end.hash,
  };
  const hash = sha256(stableStringify(body));
  const line = stableStringify({ ...body, hash, seal: sealOf(hash, key) });
  return { line: `${line}\n`, end: { seq: body.seq, hash } };
}

/** What is wrong with a line, in words that follow "line 7"; or the entry it is. Without a key, seals are not checked. */
export function readLine(text: string, before: ChainEnd, key: Buffer | undefined): AuditEntry | string {
  let entry: AuditEntry;
  try {
    const json = JSON.parse(text) as Json;
    if (!isJsonObject(json)) return 'is not an entry';
    entry = json as unknown as AuditEntry;
    // Nothing may stand in the line that its hash does not cover.
    if (stableStringify(json) !== text) return 'is not written as aimaas writes it';
  } catch {
    return 'is not JSON';
  }
  const { hash, seal, ...body } = entry;
  if (entry.seq !== before.seq + 1)
    return `has number ${String(entry.seq)} where ${before.seq + 1} was expected`;
  if (entry.previous !== before.hash) return 'does not follow the line before it';
  if (sha256(stableStringify(body)) !== hash) return 'was changed: its hash is another';
  if (key !== undefined && !isSeal(seal, hash, key))
    return 'was not written by this workspace: its seal is wrong';
  return entry;
}

export function sealOf(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(text).digest('hex');
}

export function isSeal(seal: unknown, text: string, key: Buffer): boolean {
  const right = Buffer.from(sealOf(text, key));
  const given = Buffer.from(String(seal));
  return given.length === right.length && timingSafeEqual(given, right);
}
