import type { Fleet } from '../plan.js';
import type { ModelRepository } from '../repository.js';
import type { TrafficControl } from '../traffic/rule.js';
import type { Coordinator, Member, Topic } from './bus.js';
import {
  LOAD_MODEL,
  REPOSITORY_INDEX,
  REPOSITORY_LOAD,
  REPOSITORY_PROBLEMS,
  REPOSITORY_UNLOAD,
  SET_TRAFFIC,
  SHOW_MODELS,
  TRAFFIC_REPORTS,
} from './topics.js';

/** Processes that answer, as a fleet: a version takes traffic when every one of them has loaded it. */
export function fleetOf(
  ask: <Question, Answer>(topic: Topic<Question, Answer>, question: Question) => Promise<unknown>,
): Fleet {
  return {
    async load(target) {
      await ask(LOAD_MODEL, target);
    },
    async show(plan) {
      await ask(SHOW_MODELS, plan);
    },
  };
}

/** Does in this process what the coordinator asks of its fleet. */
export function joinFleet(member: Member, own: Fleet): void {
  member.answer(LOAD_MODEL, async (target) => {
    await own.load(target);
    return null;
  });
  member.answer(SHOW_MODELS, async (plan) => {
    await own.show(plan);
    return null;
  });
}

/** The traffic rules of the coordinator, as a process that answers requests sees them. */
export function trafficControlOf(member: Member): TrafficControl {
  return {
    reports: () => member.ask(TRAFFIC_REPORTS, null),
    async setRule(rule) {
      await member.ask(SET_TRAFFIC, rule);
    },
  };
}

/** Answers what the members ask of the traffic rules. */
export function offerTraffic(coordinator: Coordinator, control: TrafficControl): void {
  coordinator.answer(TRAFFIC_REPORTS, () => control.reports());
  coordinator.answer(SET_TRAFFIC, async (rule) => {
    await control.setRule(rule);
    return null;
  });
}

/** The repository of the coordinator, as a process that answers requests sees it. */
export function repositoryOf(member: Member): ModelRepository {
  return {
    index: () => member.ask(REPOSITORY_INDEX, null),
    problems: () => member.ask(REPOSITORY_PROBLEMS, null),
    async load(name, version) {
      await member.ask(REPOSITORY_LOAD, { name, version: version ?? null });
    },
    async unload(name, version) {
      await member.ask(REPOSITORY_UNLOAD, { name, version: version ?? null });
    },
  };
}

/** Answers what the members ask of the repository. */
export function offerRepository(coordinator: Coordinator, repository: ModelRepository): void {
  coordinator.answer(REPOSITORY_INDEX, () => repository.index());
  coordinator.answer(REPOSITORY_PROBLEMS, () => repository.problems());
  coordinator.answer(REPOSITORY_LOAD, async ({ name, version }) => {
    await repository.load(name, version ?? undefined);
    return null;
  });
  coordinator.answer(REPOSITORY_UNLOAD, async ({ name, version }) => {
    await repository.unload(name, version ?? undefined);
    return null;
  });
}
