import { AimaasError } from '../core/errors.js';
import { type Followed, type FollowedRule, planOf, type Resolve } from './followed.js';
import { discreet, loadError } from './load-error.js';
import { type Fleet, keyOf, type Target, titleOf } from './plan.js';
import type { LoadProblem, ModelRepository, RepositoryEntry, VersionName } from './repository.js';
import { badRequest, RequestError } from './request-error.js';
import type { TrafficControl, TrafficCounts, TrafficReport, TrafficRule } from './traffic/rule.js';
import { sumArms, sumShadows } from './traffic/sum.js';

/** What happens to the versions; see steps/serve for how it is told. */
export interface ControllerEvents {
  /** A version takes traffic, in the place of another if there was one. */
  loaded(target: Target, before: Target | null, seconds: number): void;
  /** A version could not be loaded; told once, until something changes. */
  failed(problem: LoadProblem, error: unknown): void;
}

export interface ControllerOptions {
  /** What a MODEL argument means now: also a run or a path. Only for what the server was started with. */
  readonly resolve: Resolve;
  /**
   * What a reference means that came over the network: a model of the registry and nothing else.
   * @throws AimaasError ARTIFACT_NOT_FOUND when there is none, in words that say nothing of what else there is.
   */
  readonly find: Resolve;
  /** Every version in the registry. */
  readonly versions: () => Promise<readonly { readonly name: string; readonly version: number }[]>;
  readonly fleet: Fleet;
  /** What all processes counted of the traffic rules. */
  readonly counts: () => Promise<readonly TrafficCounts[]>;
  readonly events: ControllerEvents;
  /** Milliseconds after which a version that could not be loaded is tried again. Default 30 s. */
  readonly retryAfter?: number | undefined;
}

/**
 * Keeps what is served equal to what the followed references mean. A version is loaded and warmed before it takes
 * traffic, and if that fails what served before goes on: nothing a registry holds can make a running server answer less.
 */
export class ModelController implements ModelRepository, TrafficControl {
  private readonly options: ControllerOptions;
  /** What the server was started with, and what that meant then. */
  private readonly given: { readonly reference: string; readonly target: Target }[] = [];
  private followed: Followed[] = [];
  private rules: FollowedRule[] = [];
  private shown = '';
  private work: Promise<unknown> = Promise.resolve();

  constructor(options: ControllerOptions) {
    this.options = options;
  }

  /** What is served now. */
  get targets(): readonly Target[] {
    return planOf(this.followed, this.rules).targets;
  }

  /**
   * Serves the first references; unlike later, one that fails is an error.
   * @throws AimaasError of the first that cannot be resolved or loaded, USAGE when two different models have one name.
   */
  start(references: readonly string[]): Promise<void> {
    return this.exclusively(async () => {
      for (const reference of references) {
        const followed = this.follow(reference, this.options.resolve);
        const target = await this.options.resolve(reference);
        this.requireDistinct(target, followed);
        await this.options.fleet.load(target);
        followed.target = target;
        this.given.push({ reference, target });
      }
      await this.show();
    });
  }

  /** Looks at the references again and serves what they mean now. Never rejects for what it cannot load. */
  reconcile(): Promise<void> {
    return this.exclusively(async () => {
      for (const followed of this.everything()) await this.update(followed);
      await this.show();
    });
  }

  /** Brings others that will answer requests to what is served now; `done` is called before anything else changes. */
  bringUp(fleet: Fleet, done: () => void): Promise<void> {
    return this.exclusively(async () => {
      const plan = planOf(this.followed, this.rules);
      for (const target of plan.targets) await fleet.load(target);
      await fleet.show(plan);
      done();
    });
  }

  load(name: string, version?: number): Promise<void> {
    return this.exclusively(async () => {
      const title = titleOf({ name, version: version ?? null });
      const known = this.followed.filter(
        ({ reference, target }) => target?.name === name && (version === undefined || reference === title),
      );
      const concerned = known.length > 0 ? known : await this.wanted(name, version);
      for (const followed of concerned) {
        followed.failure = null;
        const error = await this.update(followed);
        if (error === undefined) continue;
        const problem = (followed.failure as Followed['failure'])?.problem;
        if (followed.target === null) this.followed = this.followed.filter((other) => other !== followed);
        throw loadError(error, problem?.message ?? title);
      }
      await this.show();
    });
  }

  /**
   * What a client means that asks for a model which is not served: one of the registry, or else what the server was
   * started with and stopped serving. Never anything that a name could be a path to.
   */
  private async wanted(name: string, version: number | undefined): Promise<readonly Followed[]> {
    const title = titleOf({ name, version: version ?? null });
    try {
      await this.options.find(title);
      return [this.follow(title, this.options.find)];
    } catch (error) {
      const again = this.given.filter(
        ({ target }) => target.name === name && (version === undefined || target.version === version),
      );
      if (again.length === 0) throw loadError(error, error instanceof Error ? error.message : String(error));
      return again.map(({ reference }) => this.follow(reference, this.options.resolve));
    }
  }

  unload(name: string, version?: number): Promise<void> {
    return this.exclusively(async () => {
      const leaves = ({ target }: Followed): boolean =>
        target !== null && target.name === name && (version === undefined || target.version === version);
      if (!this.followed.some(leaves)) {
        const title = version === undefined ? name : `${name}/${version}`;
        throw new RequestError(404, 'NOT_FOUND', `${title} is not served here.`, {
          hint: 'POST /v2/repository/index lists what is.',
        });
      }
      this.followed = this.followed.filter((followed) => !leaves(followed));
      if (!this.followed.some(({ target }) => target?.name === name)) this.dropRule(name);
      await this.show();
    });
  }

  async index(): Promise<readonly RepositoryEntry[]> {
    const entries = new Map<string, RepositoryEntry>();
    const add = (entry: RepositoryEntry): unknown =>
      entries.set(`${entry.name}/${String(entry.version)}`, entry);
    for (const { name, version } of await this.options.versions()) {
      add({ name, version, state: 'UNAVAILABLE', reason: '' });
    }
    for (const { loading, failure } of this.everything()) {
      if (loading !== null)
        add({ name: loading.name, version: loading.version, state: 'LOADING', reason: '' });
      const wanted = failure?.problem.wanted ?? null;
      if (failure !== null && wanted !== null)
        add({ ...wanted, state: 'UNAVAILABLE', reason: failure.problem.message });
    }
    for (const { name, version } of this.targets) add({ name, version, state: 'READY', reason: '' });
    return [...entries.values()].sort(
      (a, b) => a.name.localeCompare(b.name) || (a.version ?? 0) - (b.version ?? 0),
    );
  }

  problems(): Promise<readonly LoadProblem[]> {
    return Promise.resolve(
      this.everything().flatMap(({ failure }) => (failure === null ? [] : [failure.problem])),
    );
  }

  async reports(): Promise<readonly TrafficReport[]> {
    const counts = await this.options.counts();
    return this.rules.map(({ rule }) => ({
      rule,
      arms: sumArms(counts, rule.name),
      shadows: sumShadows(counts, rule.name),
    }));
  }

  setRule(rule: TrafficRule): Promise<void> {
    return this.exclusively(async () => {
      const { name } = rule;
      if (!this.followed.some(({ target }) => target?.name === name)) {
        throw new RequestError(404, 'NOT_FOUND', `${name} is not served here.`, {
          hint: 'POST /v2/repository/index lists what is.',
        });
      }
      const canary = rule.canary === null ? null : await this.followFor(name, rule.canary.reference);
      const shadow = rule.shadow === null ? null : await this.followFor(name, rule.shadow);
      this.dropRule(name);
      if (canary !== null || shadow !== null) this.rules.push({ rule, canary, shadow });
      await this.show();
    });
  }

  /** Loads a version of a model for a rule. */
  private async followFor(name: string, reference: string): Promise<Followed> {
    const resolve = this.options.find;
    let target: Target | null = null;
    try {
      target = await resolve(reference);
      if (target.name !== name) {
        throw badRequest(`${reference} is not a version of ${name}.`, {
          hint: `Give ${name}/VERSION or ${name}@ALIAS.`,
        });
      }
      await this.options.fleet.load(target);
      return { reference, resolve, target, loading: null, failure: null };
    } catch (error) {
      throw loadError(error, discreet(error, target));
    }
  }

  private dropRule(name: string): void {
    this.rules = this.rules.filter(({ rule }) => rule.name !== name);
  }

  /** All that is followed: what is served by itself, and what rules send requests to. */
  private everything(): readonly Followed[] {
    return [
      ...this.followed,
      ...this.rules.flatMap(({ canary, shadow }) => [canary, shadow].filter((one) => one !== null)),
    ];
  }

  private follow(reference: string, resolve: Resolve): Followed {
    const followed: Followed = { reference, resolve, target: null, loading: null, failure: null };
    this.followed.push(followed);
    return followed;
  }

  /** Resolves a reference and loads what it means, if that is new. Gives the error if it failed. */
  private async update(followed: Followed): Promise<unknown> {
    let wanted: Target | null = null;
    try {
      wanted = await followed.resolve(followed.reference);
      const before = followed.target;
      if (before !== null && keyOf(before) === keyOf(wanted)) {
        followed.target = wanted;
        followed.failure = null;
        return undefined;
      }
      if (this.failedLately(followed, wanted)) return undefined;
      this.requireDistinct(wanted, followed);
      followed.loading = wanted;
      const started = performance.now();
      await this.options.fleet.load(wanted);
      followed.target = wanted;
      followed.failure = null;
      this.options.events.loaded(wanted, before, (performance.now() - started) / 1000);
      return undefined;
    } catch (error) {
      this.fail(followed, wanted, error);
      return error;
    } finally {
      followed.loading = null;
    }
  }

  private failedLately({ failure }: Followed, wanted: Target): boolean {
    const { retryAfter = 30_000 } = this.options;
    return failure !== null && failure.key === keyOf(wanted) && performance.now() - failure.at < retryAfter;
  }

  private fail(followed: Followed, wanted: Target | null, error: unknown): void {
    const { reference } = followed;
    const isHidden = wanted === null && followed.resolve === this.options.resolve;
    const problem: LoadProblem = {
      reference,
      wanted: versionName(wanted),
      serving: versionName(followed.target),
      message: isHidden ? `${reference} cannot be looked up; the log says why.` : discreet(error, wanted),
    };
    const told =
      followed.failure !== null && JSON.stringify(followed.failure.problem) === JSON.stringify(problem);
    followed.failure = { key: wanted === null ? null : keyOf(wanted), problem, at: performance.now() };
    if (!told) this.options.events.failed(problem, error);
  }

  private requireDistinct(target: Target, followed: Followed): void {
    const twin = this.everything().find(
      (other) => other !== followed && other.target !== null && titleOf(other.target) === titleOf(target),
    )?.target;
    if (twin === undefined || twin === null || twin.folder === target.folder) return;
    throw new AimaasError(
      'USAGE',
      `${twin.folder} and ${target.folder} are both called ${titleOf(target)}, so no client could choose.`,
      { hint: 'Export one under another name: aimaas export --run RUN --name NAME' },
    );
  }

  private async show(): Promise<void> {
    const plan = planOf(this.followed, this.rules);
    const text = JSON.stringify(plan);
    if (text === this.shown) return;
    await this.options.fleet.show(plan);
    this.shown = text;
  }

  /** One change after the other, each on what the one before left. */
  private exclusively<T>(change: () => Promise<T>): Promise<T> {
    const result = this.work.then(change);
    this.work = result.catch(() => undefined);
    return result;
  }
}

function versionName(target: Target | null): VersionName | null {
  return target === null ? null : { name: target.name, version: target.version };
}
