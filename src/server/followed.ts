import { keyOf, type Plan, type Target } from './plan.js';
import type { LoadProblem } from './repository.js';
import type { Canary } from './traffic/canary.js';
import type { TrafficRule } from './traffic/rule.js';

export type Resolve = (reference: string) => Promise<Target>;

/** A reference that is followed, and what came of it. */
export interface Followed {
  readonly reference: string;
  /** Who looks the reference up: clients may mean less by it than whoever started the server. */
  readonly resolve: Resolve;
  target: Target | null;
  loading: Target | null;
  failure: { readonly key: string | null; readonly problem: LoadProblem; readonly at: number } | null;
}

/** A traffic rule and the versions it means. */
export interface FollowedRule {
  readonly rule: TrafficRule;
  readonly canary: Followed | null;
  readonly shadow: Followed | null;
}

/** What processes are to serve, by all that is followed. */
export function planOf(served: readonly Followed[], rules: readonly FollowedRule[]): Plan {
  const targets = new Map<string, Target>();
  for (const { target } of served) {
    if (target !== null && !targets.has(keyOf(target))) targets.set(keyOf(target), target);
  }
  const canaries: Record<string, Canary> = {};
  const shadows: Record<string, number> = {};
  for (const { rule, canary, shadow } of rules) {
    for (const target of [canary?.target, shadow?.target]) {
      if (target !== null && target !== undefined) targets.set(keyOf(target), target);
    }
    const [version, shadowed] = [canary?.target?.version, shadow?.target?.version];
    if (rule.canary !== null && typeof version === 'number') {
      canaries[rule.name] = { version, weight: rule.canary.weight, header: rule.canary.header };
    }
    if (typeof shadowed === 'number') shadows[rule.name] = shadowed;
  }
  return { targets: [...targets.values()], canaries, shadows };
}
