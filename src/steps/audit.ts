import { hostname, userInfo } from 'node:os';
import type { AuditEntry } from '../core/audit.js';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { AuditLog, type AuditReport } from '../workspace/audit-log.js';
import { Workspace } from '../workspace/workspace.js';

/** Something that a command did, for the audit log. */
export interface Deed {
  readonly action: string;
  readonly target: string;
  readonly details?: JsonObject | undefined;
}

/**
 * Remembers what a command did, as the user of the operating system who ran it. Called after it was done: what fails
 * changes nothing and is not remembered.
 * @throws AimaasError STORAGE when it cannot be written.
 */
export async function remember(
  context: Pick<StepContext, 'workspace'>,
  ...deeds: readonly Deed[]
): Promise<void> {
  const actor = `user ${userName()}@${hostname()}`;
  const events = deeds.map(({ action, target, details = {} }) => ({
    actor,
    action,
    target,
    result: 'ok',
    details,
  }));
  await new AuditLog(new Workspace(context.workspace)).append(events);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container a user may have no name.
    return String(process.getuid?.() ?? 'unknown');
  }
}

export interface ShowAuditOptions {
  /** First and last day (UTC), YYYY-MM-DD. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Only what these actions, or those that begin so, did. */
  readonly action?: readonly string[] | undefined;
  /** Only the newest of them. */
  readonly limit?: number | undefined;
}

export type ShowAuditResult = {
  readonly schemaVersion: 1;
  readonly entries: readonly AuditEntry[];
};

/**
 * The entries of the audit log, oldest first, each checked against the one before.
 * @throws AimaasError ARTIFACT_CORRUPT naming the first line that is wrong.
 */
export async function showAudit(options: ShowAuditOptions, context: StepContext): Promise<ShowAuditResult> {
  const { since = '', until = '9999', action = [], limit = Infinity } = options;
  const entries: AuditEntry[] = [];
  for await (const entry of new AuditLog(new Workspace(context.workspace)).entries()) {
    const day = entry.time.slice(0, 10);
    if (day < since || day > until) continue;
    if (action.length > 0 && !action.some((name) => entry.action.startsWith(name))) continue;
    entries.push(entry);
    if (entries.length > limit) entries.shift();
  }
  return { schemaVersion: 1, entries };
}

export type VerifyAuditResult = {
  readonly schemaVersion: 1;
  readonly entries: number;
  /** "number:hash" of the last entry; null if there is none. Kept elsewhere, it shows later whether the log was replaced. */
  readonly head: string | null;
  /** Whether the seals were checked, which takes access/audit.key. */
  readonly sealed: boolean;
  readonly notes: readonly string[];
};

/**
 * Checks the audit log: every line, their order, and that none is missing at the end. With `holds`, also that it still
 * holds a line whose place was kept elsewhere, so that not even the owner of the workspace can have written it anew.
 * @throws AimaasError ARTIFACT_CORRUPT naming the first line that is wrong, USAGE for a place that cannot be one.
 */
export async function verifyAudit(
  options: { readonly holds?: string | undefined },
  context: StepContext,
): Promise<VerifyAuditResult> {
  const wanted = options.holds === undefined ? undefined : placeFrom(options.holds);
  const log = new AuditLog(new Workspace(context.workspace));
  const entries = log.entries();
  let held = wanted === undefined;
  let report: AuditReport;
  for (;;) {
    const next = await entries.next();
    if (next.done === true) {
      report = next.value;
      break;
    }
    if (next.value.seq === wanted?.seq && next.value.hash.startsWith(wanted.hash)) held = true;
  }
  if (!held) {
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `The audit log was replaced: line ${String(wanted?.seq)} is not ${String(options.holds)}, which it once held.`,
      { hint: `Keep a copy of ${log.path} for whoever looks into it.`, details: { file: log.path } },
    );
  }
  const { seq, hash } = report.head;
  const head = seq === 0 ? null : `${seq}:${hash}`;
  return { schemaVersion: 1, entries: report.entries, head, sealed: report.sealed, notes: report.notes };
}

function placeFrom(text: string): { readonly seq: number; readonly hash: string } {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{8,64})$/.exec(text.trim()) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new AimaasError('USAGE', `"${text}" is not the place of an entry: expected number:hash.`, {
    hint: '`aimaas audit verify -q` prints the place of the last entry, to be kept elsewhere.',
  });
}
