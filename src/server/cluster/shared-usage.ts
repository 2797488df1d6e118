import { addUsage } from '../../core/usage.js';
import type { Charge } from '../access/usage-ledger.js';
import { type Coordinator, type Member, topic } from './bus.js';

/** Members to coordinator: what keys used in a member since it last said so. */
const CHARGE = topic<readonly Charge[], null>('usage.charge');

/** Milliseconds for which a member keeps what keys used to itself; all that is lost when it is killed. */
const EVERY = 500;

/** Hands what keys use in this process to the coordinator, added up for a short time. */
export class SharedUsage {
  private readonly member: Member;
  private waiting = new Map<string, Charge>();
  private timer: NodeJS.Timeout | undefined;

  constructor(member: Member) {
    this.member = member;
  }

  add(charge: Charge): void {
    const name = JSON.stringify([charge.key, charge.model, charge.version]);
    const before = this.waiting.get(name);
    const counts = before === undefined ? charge.counts : addUsage(before.counts, charge.counts);
    this.waiting.set(name, { ...charge, counts });
    this.timer ??= setTimeout(() => void this.flush().catch(() => undefined), EVERY).unref();
  }

  /** Hands over what is waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.size === 0) return;
    const charges = [...this.waiting.values()];
    this.waiting = new Map();
    await this.member.ask(CHARGE, charges);
  }
}

/** Takes what the members hand over. */
export function offerUsage(coordinator: Coordinator, add: (charge: Charge) => void): void {
  coordinator.answer(CHARGE, (charges) => {
    for (const charge of charges) add(charge);
    return null;
  });
}
