import type { FeaturesContent, RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { Json, JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { didYouMean } from '../../core/suggest.js';
import { FAMILY_NAMES } from '../../core/training-names.js';
import { defaultMetricNames, findMetric } from '../../metrics/index.js';
import { type Device } from '../../engines/engine.js';
import { engine } from '../../engines/index.js';
import { checkSpace } from '../../search/space.js';
import { defaultMetric } from '../../tasks/index.js';
import { idOf } from '../../workspace/hash.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { copiedSource, findFamily, type FoundFamily } from '../train/model-source.js';
import { readOverrides } from './overrides.js';
import { type Overrides, searchPlan, splitName } from './space.js';
import { findSearch, readSearch, type SearchFile } from './state.js';
import { mayMixSplits } from '../train/data.js';
import { resolveTraining, type TrainOptions } from '../train/options.js';

/** Raised whenever the same search would try other things. */
const STEP_VERSION = 1;

/** Trials of a search that is given neither a number nor a time. */
const DEFAULT_TRIALS = 20;

export type OptimizeOptions = {
  /** Feature set id or prefix; default: the current one. */
  readonly features?: string | undefined;
  /** Most trials, those of earlier calls of the same search included. */
  readonly trials?: number | undefined;
  /** Seconds to search, those of earlier calls included. */
  readonly time?: number | undefined;
  /** Processes at a time. */
  readonly jobs?: number | undefined;
  /** What is made as good as can be, on validation rows. */
  readonly metric?: string | undefined;
  /** Model families and model files to search; default: all families. */
  readonly models?: readonly string[] | undefined;
  /** NAME=VALUES; see readOverrides. */
  readonly space?: readonly string[] | undefined;
  /** Engine and device of every trial; default: those that `train` chooses. */
  readonly engine?: string | undefined;
  readonly device?: Device | undefined;
  /** Seed of the choice of trials; default: the feature set's. */
  readonly seed?: number | undefined;
  /** Go on with a search: its id or prefix, or "latest". */
  readonly resume?: string | undefined;
  /** Forget the trials of the same search and begin anew. */
  readonly force?: boolean | undefined;
};

/** The search that is asked for, with nothing tried yet, and its feature set. */
export interface AskedSearch {
  readonly search: SearchFile;
  readonly features: Manifest<FeaturesContent>;
}

/**
 * The search of these options. Its id says whether it was begun before.
 * @throws AimaasError USAGE for an option that is wrong; UNSUPPORTED where there are no rows to choose by.
 */
export async function askedSearch(
  workspace: Workspace,
  options: OptimizeOptions,
  context: StepContext,
): Promise<AskedSearch> {
  if (options.resume !== undefined) return resumedSearch(workspace, options, options.resume);
  const features = await workspace.find<FeaturesContent>('features', options.features);
  const { task } = features.content;
  const metric = options.metric ?? defaultMetric(task);
  checkMetric(metric, features.content);
  const found = await familiesOf(options.models);
  const families = [...found.keys()];
  const overrides = readOverrides(options.space ?? [], found);
  const base = {
    ...(await carriedOptions(workspace, features, overrides, context)),
    ...(options.engine === undefined ? {} : { engine: (await engine(options.engine)).name }),
    ...(options.device === undefined ? {} : { device: options.device }),
  };
  const plan = await searchPlan(families, base, features.content, overrides);
  checkSpace(plan.space);
  await checkRows(features, families, base);
  const seed = options.seed ?? features.content.seed;
  const key: JsonObject = {
    step: 'optimize',
    version: STEP_VERSION,
    features: features.id,
    metric,
    space: plan.space,
    defaults: plan.defaults,
    base,
    seed,
    sources: sourcesOf(found),
  };
  const none = options.trials === undefined && options.time === undefined;
  const search: SearchFile = {
    schemaVersion: 1,
    id: idOf(key),
    createdAt: new Date().toISOString(),
    key,
    features: features.id,
    metric,
    families,
    space: plan.space,
    defaults: plan.defaults,
    base,
    seed,
    sources: sourcesOf(found),
    limits: {
      trials: options.trials ?? (none ? DEFAULT_TRIALS : null),
      seconds: options.time ?? null,
    },
    seconds: 0,
    previous: null,
    trials: [],
  };
  return { features, search };
}

async function resumedSearch(
  workspace: Workspace,
  options: OptimizeOptions,
  wanted: string,
): Promise<AskedSearch> {
  const own = (['features', 'metric', 'models', 'space', 'engine', 'device', 'seed', 'force'] as const).find(
    (name) => options[name] !== undefined && options[name] !== false,
  );
  if (own !== undefined) {
    throw new AimaasError(
      'USAGE',
      `--resume goes on with a search as it was begun; --${own} would make it another one.`,
      { hint: 'aimaas optimize --resume --trials 50 --time 10m' },
    );
  }
  const search = await findSearch(workspace, wanted);
  const features = await workspace.find<FeaturesContent>('features', search.features);
  await checkSources(search);
  const limits = {
    trials: options.trials ?? search.limits.trials,
    seconds: options.time ?? search.limits.seconds,
  };
  return { features, search: { ...search, limits } };
}

function checkMetric(metric: string, { task }: FeaturesContent): void {
  findMetric(metric, task);
  const recorded = defaultMetricNames(task);
  if (recorded.includes(metric)) return;
  throw new AimaasError(
    'USAGE',
    `Runs do not record "${metric}" on validation rows. ${didYouMean(metric, recorded)}`,
    { hint: `Recorded are: ${recorded.join(', ')}.`, details: { metric, expected: recorded } },
  );
}

/** The families to search by the names they are asked for by; those of aimaas in their own order, then files. */
async function familiesOf(models: readonly string[] | undefined): Promise<Map<string, FoundFamily>> {
  const asked = await Promise.all(
    (models ?? FAMILY_NAMES).map(async (model) => {
      const found = await findFamily(model.trim());
      return [found.source === undefined ? found.family.name : model.trim(), found] as const;
    }),
  );
  const place = (name: string): number => (FAMILY_NAMES as readonly string[]).indexOf(name) >>> 0;
  return new Map(asked.sort(([a], [b]) => place(a) - place(b)));
}

/** Model file → its content's hash. */
function sourcesOf(families: ReadonlyMap<string, FoundFamily>): Record<string, string> {
  const sources = [...families].flatMap(([name, { source }]) =>
    source === undefined ? [] : [[name, source.sha256] as const],
  );
  return Object.fromEntries(sources);
}

/** A search goes on with the model files it was begun with. */
async function checkSources({ id, sources }: SearchFile): Promise<void> {
  for (const [name, sha256] of Object.entries(sources)) {
    const { source } = await findFamily(name);
    if (source?.sha256 === sha256) continue;
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `The model file ${name} has changed since the search ${id} was begun with it.`,
      { hint: `To search with the file as it is now: aimaas optimize --models ${name}` },
    );
  }
}

/** Options of the current run that a search does not choose and that every trial therefore shares with it. */
const CARRIED = ['loss', 'classWeights', 'clipNorm', 'clipValue', 'patience', 'members'] as const;

/**
 * Those of them that are not what `train` would choose: someone asked for them. Of a run that a search made, what that
 * search began with, so that the same command means the same search when its best run has become the current one.
 */
async function carriedOptions(
  workspace: Workspace,
  features: Manifest<FeaturesContent>,
  overrides: Overrides,
  context: StepContext,
): Promise<JsonObject> {
  const id = await workspace.current('run');
  const run = id === undefined ? undefined : await workspace.read<RunContent>('run', id);
  if (run === undefined || run.content.features !== features.id) return {};
  const { model, options, search } = run.content;
  const origin = search === null ? undefined : await readSearch(workspace, search);
  if (origin !== undefined) return origin.base;
  const asked = { model: copiedSource(workspace.folder('run', run.id), options) ?? model.family };
  const resolved = await resolveTraining({ ...asked, params: model.params }, features.content);
  const usual: JsonObject = resolved.settings;
  const searched = new Set([...overrides.keys()].map((name) => splitName(name)[1]));
  const carried = CARRIED.filter(
    (name) => options[name] !== undefined && options[name] !== usual[name] && !searched.has(name),
  );
  if (carried.length > 0) context.reporter.info(`Every trial has ${carried.join(', ')} of run ${run.id}.`);
  return Object.fromEntries(carried.map((name) => [name, options[name] as Json]));
}

/** Models are chosen by rows they did not learn from; without any there is nothing to choose by. */
async function checkRows(
  features: Manifest<FeaturesContent>,
  families: readonly string[],
  base: TrainOptions,
): Promise<void> {
  if (features.content.splits.validation.rows > 0) return;
  const resolved = await Promise.all(
    families.map((model) => resolveTraining({ ...base, model }, features.content)),
  );
  const folded = resolved.every(({ settings }) => settings.members > 1);
  if (folded && mayMixSplits(features)) return;
  throw new AimaasError(
    'UNSUPPORTED',
    'The feature set has no validation rows, so there is nothing to choose the best model by.',
    { hint: 'aimaas preprocess --split 0.7,0.15,0.15' },
  );
}
