import type { Demand, LimitKeeper, Verdict } from '../access/limits.js';
import { type Coordinator, type Member, topic } from './bus.js';

const TAKE = topic<Demand, Verdict>('limits.take');
const GIVE_BACK = topic<Demand, null>('limits.give-back');

/** Limits that the coordinator keeps for all processes, so that they hold for their sum. */
export function limitsOf(member: Member): LimitKeeper {
  return {
    take: (demand) => member.ask(TAKE, demand),
    giveBack(demand) {
      // If the coordinator has ended there is nothing to give back to.
      member.ask(GIVE_BACK, demand).catch(() => undefined);
    },
  };
}

/** Answers what the members ask of the limits. */
export function offerLimits(coordinator: Coordinator, limits: LimitKeeper): void {
  coordinator.answer(TAKE, (demand) => limits.take(demand));
  coordinator.answer(GIVE_BACK, (demand) => {
    limits.giveBack(demand);
    return null;
  });
}
