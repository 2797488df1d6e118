import type { AuditEvent } from '../../core/audit.js';
import { Gatherer } from '../access/gatherer.js';
import { type Coordinator, type Member, topic } from './bus.js';

/** Members to coordinator: what was done by their requests. */
const REMEMBER = topic<readonly AuditEvent[], null>('audit.remember');

/** Milliseconds for which a member keeps events to itself. */
const EVERY = 200;

/** Hands what is to be remembered to the coordinator, which alone writes the log. */
export function sharedAudit(member: Member): Gatherer<AuditEvent> {
  return new Gatherer(EVERY, async (events) => {
    await member.ask(REMEMBER, events);
  });
}

/** Takes what the members hand over. */
export function offerAudit(coordinator: Coordinator, remember: (event: AuditEvent) => void): void {
  coordinator.answer(REMEMBER, (events) => {
    for (const event of events) remember(event);
    return null;
  });
}
