import type { Serving } from '../model-set.js';
import type { Plan } from '../plan.js';
import type { ColumnModel, ServedModel } from '../served-model.js';
import type { Onlooker } from './onlooker.js';
import type { ArmCounts, ShadowCounts, TrafficCounts } from './rule.js';
import { Shadow } from './shadow.js';

/** Counts what comes of the traffic rules in one process. */
export class Traffic {
  private readonly arms = new Map<string, ArmCounts[]>();
  private readonly comparisons = new Map<string, ShadowCounts[]>();
  private readonly background: (model: ServedModel) => Serving;

  /** @param background puts a batcher in front of a model that only uses time that nobody else needs. */
  constructor(background: (model: ServedModel) => Serving) {
    this.background = background;
  }

  /** The servings of a plan, with onlookers where its rules want some. */
  direct({ canaries, shadows }: Plan, servings: readonly Serving[]): readonly Serving[] {
    const defaults = new Set<string>();
    return servings.map((serving) => {
      const { name, version } = serving.model;
      const isDefault = !defaults.has(name);
      defaults.add(name);
      const canary = canaries[name];
      const onlookers: Onlooker[] = [];
      if (canary !== undefined && (isDefault || version === canary.version))
        onlookers.push(this.arm(serving.model));
      const shadow = servings.find(({ model }) => model.name === name && model.version === shadows[name]);
      if (isDefault && shadow !== undefined && shadow !== serving) {
        const onlooker = this.shadow(serving.model, shadow.model);
        if (onlooker !== undefined) onlookers.push(onlooker);
      }
      const { model, batcher } = serving;
      return onlookers.length === 0 ? { model, batcher } : { model, batcher, onlooker: joined(onlookers) };
    });
  }

  get counts(): TrafficCounts {
    return { arms: Object.fromEntries(this.arms), shadows: Object.fromEntries(this.comparisons) };
  }

  private arm({ name, version }: ServedModel): Onlooker {
    const counts = entry(this.arms, name, (arm) => arm.version === version, {
      version,
      requests: 0,
      rows: 0,
      failures: 0,
      seconds: 0,
    });
    return {
      answered(_, { rows }, seconds) {
        counts.requests++;
        counts.rows += rows;
        counts.seconds += seconds;
      },
      failed() {
        counts.requests++;
        counts.failures++;
      },
    };
  }

  /** Versions of which one takes tensors cannot be compared. */
  private shadow(live: ServedModel, shadow: ServedModel): Onlooker | undefined {
    if (shadow.kind !== 'columns' || live.kind !== 'columns') return undefined;
    const counts = entry(
      this.comparisons,
      live.name,
      (one) => one.live === live.version && one.shadow === shadow.version,
      {
        live: live.version,
        shadow: shadow.version,
        requests: 0,
        rows: 0,
        agreements: 0,
        absoluteDifference: 0,
        failures: 0,
        dropped: 0,
        liveSeconds: 0,
        shadowSeconds: 0,
      },
    );
    const copies = new Shadow(withoutWatcher(shadow), this.background(shadow).batcher, counts);
    return {
      answered: (rows, scores, seconds) => copies.copy(rows, scores, seconds),
      failed: () => undefined,
    };
  }
}

/** Copies are not what clients asked, so they are neither logged nor measured for drift. */
function withoutWatcher({ watcher, ...model }: ColumnModel): ColumnModel {
  return watcher === undefined ? model : { ...model };
}

function joined(onlookers: readonly Onlooker[]): Onlooker {
  return {
    answered(rows, scores, seconds) {
      for (const onlooker of onlookers) onlooker.answered(rows, scores, seconds);
    },
    failed() {
      for (const onlooker of onlookers) onlooker.failed();
    },
  };
}

/** The counts of a name that `is` finds; if there are none yet, `fresh` from now on. */
function entry<T>(by: Map<string, T[]>, name: string, is: (counts: T) => boolean, fresh: T): T {
  const known = by.get(name) ?? [];
  by.set(name, known);
  const found = known.find(is);
  if (found !== undefined) return found;
  known.push(fresh);
  return fresh;
}
