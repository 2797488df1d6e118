import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelSet, Serving } from './model-set.js';
import type { Fleet, Plan, Target } from './plan.js';
import { keyOf } from './plan.js';
import type { ServedModel } from './served-model.js';

export interface LiveModelsOptions {
  readonly models: ModelSet;
  /** Opens a model version and lets it answer once. */
  readonly open: (target: Target) => Promise<ServedModel>;
  /** Puts a batcher in front of a model. */
  readonly serve: (model: ServedModel) => Serving;
  /** Has an eye on the requests of a plan's rules. */
  readonly direct: (plan: Plan, servings: readonly Serving[]) => readonly Serving[];
  readonly onError: (error: unknown) => void;
  /** Milliseconds that a version which has left is kept for requests that had just looked it up. Default 1000. */
  readonly linger?: number | undefined;
}

/**
 * The models of one process: loads versions beside those that answer, puts them in their place all at once, and lets
 * those that leave finish what they have been given.
 */
export class LiveModels implements Fleet {
  private readonly options: LiveModelsOptions;
  private readonly loaded = new Map<string, Promise<Serving>>();
  private readonly leaving = new Set<Promise<void>>();
  private readonly stopped = new AbortController();

  constructor(options: LiveModelsOptions) {
    this.options = options;
  }

  async load(target: Target): Promise<void> {
    const key = keyOf(target);
    let loading = this.loaded.get(key);
    if (loading === undefined) {
      loading = this.options.open(target).then((model) => this.options.serve(model));
      this.loaded.set(key, loading);
      loading.catch(() => this.loaded.delete(key));
    }
    await loading;
  }

  async show(plan: Plan): Promise<void> {
    const { targets, canaries } = plan;
    const servings = await Promise.all(targets.map((target) => this.labelled(target)));
    this.options.models.replace(this.options.direct(plan, servings), new Map(Object.entries(canaries)));
    const kept = new Set(targets.map(keyOf));
    for (const [key, loading] of this.loaded) {
      if (kept.has(key)) continue;
      this.loaded.delete(key);
      const leaving = this.retire(loading).catch(this.options.onError);
      this.leaving.add(leaving);
      void leaving.then(() => this.leaving.delete(leaving));
    }
  }

  /** Frees every model once it has answered what it was given. */
  async close(): Promise<void> {
    this.stopped.abort();
    const { models } = this.options;
    models.replace([]);
    await Promise.all(
      [...this.loaded.values()].map((loading) => this.retire(loading).catch(() => undefined)),
    );
    this.loaded.clear();
    await Promise.all(this.leaving);
  }

  /** What is loaded for a target, with its aliases as they are now. */
  private async labelled(target: Target): Promise<Serving> {
    const loading = this.loaded.get(keyOf(target));
    if (loading === undefined) throw new Error(`${target.name} was not loaded before it was to be served.`);
    const serving = await loading;
    const { model, batcher } = serving;
    if (model.labels.join() === target.labels.join()) return serving;
    const renamed = { model: { ...model, labels: target.labels }, batcher };
    this.loaded.set(keyOf(target), Promise.resolve(renamed));
    return renamed;
  }

  private async retire(loading: Promise<Serving>): Promise<void> {
    const { model, batcher } = await loading;
    const { linger = 1000 } = this.options;
    await sleep(linger, undefined, { signal: this.stopped.signal, ref: false }).catch(() => undefined);
    batcher.close();
    await batcher.idle();
    await model.dispose();
  }
}
