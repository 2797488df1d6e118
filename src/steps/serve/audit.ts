import type { AuditEvent } from '../../core/audit.js';
import type { Reporter } from '../../core/reporter.js';
import { Gatherer } from '../../server/access/gatherer.js';
import { AuditLog } from '../../workspace/audit-log.js';
import type { Workspace } from '../../workspace/workspace.js';

/** Milliseconds after which events are written; all that a crash may lose. */
const EVERY = 500;

/** Writes what the requests of a server did to the audit log of its workspace, in handfuls. */
export function openAudit(workspace: Workspace, reporter: Reporter): Gatherer<AuditEvent> {
  const log = new AuditLog(workspace);
  let failed = false;
  return new Gatherer<AuditEvent>(EVERY, async (events) => {
    try {
      await log.append(events);
      failed = false;
    } catch (error) {
      if (!failed) {
        reporter.warn(`What was done is not in the audit log: ${(error as Error).message}`);
      }
      failed = true;
    }
  });
}
