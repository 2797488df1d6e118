import type { FeaturesContent } from '../../core/artifacts.js';
import type { Json, JsonObject } from '../../core/json.js';
import type { ModelFamily, ParameterSpec } from '../../models/family.js';
import {
  choiceIndex,
  type Domain,
  isActive,
  type Parameter,
  type Point,
  type Space,
} from '../../search/space.js';
import { resolveTraining, type TrainOptions, type TrainSettings } from '../train/options.js';

/** The parameter that decides which others a point has. */
const FAMILY = 'family';

/** Training options that a search may choose, by the names `train` has for them. */
export const TRAINING_PARAMETERS = [
  'learningRate',
  'batchSize',
  'weightDecay',
  'labelSmoothing',
  'epochs',
  'members',
  'optimizer',
  'schedule',
] as const;
type TrainingParameter = (typeof TRAINING_PARAMETERS)[number];

/** What the search of a feature set goes through. */
export interface SearchPlan {
  readonly space: Space;
  /** The defaults of each family: the first points tried. */
  readonly defaults: readonly Point[];
}

/** A domain in the place of one of the search's own, by "family.name". */
export type Overrides = ReadonlyMap<string, Domain>;

/** The space of these families on these features, the base options being what every trial has. */
export async function searchPlan(
  families: readonly string[],
  base: TrainOptions,
  features: FeaturesContent,
  overrides: Overrides,
): Promise<SearchPlan> {
  const root: Parameter = { name: FAMILY, domain: { type: 'choice', choices: families }, when: null };
  const space: Parameter[] = [root];
  const defaults: Point[] = [];
  for (const name of families) {
    const { family, settings } = await resolveTraining({ ...base, model: name }, features);
    const domains = new Map([...domainsOf(family, features), ...trainingDomains(settings, features)]);
    for (const [key, domain] of overrides) {
      const [owner, parameter] = splitName(key);
      if (owner === name) domains.set(parameter, domain);
    }
    const point: Record<string, Json> = { [FAMILY]: name };
    for (const [parameter, domain] of domains) {
      space.push({
        name: `${name}.${parameter}`,
        domain,
        when: { parameter: FAMILY, equals: name },
      });
      point[`${name}.${parameter}`] = nearest(domain, defaultOf(settings, parameter));
    }
    defaults.push(point);
  }
  return { space, defaults };
}

/** "mlp.units" → ["mlp", "units"]; "./my-model.js.units" → ["./my-model.js", "units"]. */
export function splitName(name: string): [string, string] {
  // A model file has dots of its own; a parameter has none.
  const dot = name.lastIndexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

/** What `train` is asked for a point; the rest of the options are those every trial has. */
export async function trainOptionsOf(
  point: Point,
  base: TrainOptions,
  features: FeaturesContent,
): Promise<TrainOptions> {
  const { [FAMILY]: family, ...chosen } = settingsOfPoint(point);
  const params: Record<string, Json> = { ...base.params };
  const training: Partial<Record<TrainingParameter, Json>> = {};
  for (const [name, value] of Object.entries(chosen)) {
    if (isTrainingParameter(name)) training[name] = value;
    else params[name] = value;
  }
  const options: TrainOptions = { ...base, model: family as string, params };
  // A batch size that is asked for is used to the row; the family's own may be evened out. So it is not asked for.
  if (training.batchSize !== undefined) {
    const { settings } = await resolveTraining(options, features);
    if (training.batchSize === settings.batchSize) delete training.batchSize;
  }
  return { ...options, ...(training as Partial<TrainOptions>) };
}

/** The values of a point by their short names: { family, units, learningRate, … }. */
function settingsOfPoint(point: Point): JsonObject {
  return Object.fromEntries(
    Object.entries(point).map(([name, value]) => [name === FAMILY ? name : splitName(name)[1], value]),
  );
}

/** Whether the parameter can take more than one value, so that it is worth showing. */
function varies(parameter: Parameter): boolean {
  const { domain } = parameter;
  return domain.type === 'choice' ? domain.choices.length > 1 : domain.minimum < domain.maximum;
}

/** The values of a point that the search chose between, by their short names. */
export function chosenValues(space: Space, point: Point): JsonObject {
  const shown = space.filter(
    (parameter) => parameter.name !== FAMILY && varies(parameter) && isActive(parameter, point),
  );
  return Object.fromEntries(shown.map(({ name }) => [splitName(name)[1], point[name] as Json]));
}

function isTrainingParameter(name: string): name is TrainingParameter {
  return (TRAINING_PARAMETERS as readonly string[]).includes(name);
}

/** Domains of a family's parameters that change something for these columns. */
function domainsOf(family: ModelFamily, { layout }: FeaturesContent): [string, Domain][] {
  const roles = new Set(layout.map((column) => column.role));
  return Object.entries(family.parameters)
    .filter(([, spec]) => spec.needs === undefined || roles.has(spec.needs))
    .map(([name, spec]) => [name, domainOfSpec(spec)]);
}

function domainOfSpec(spec: ParameterSpec): Domain {
  if (spec.type === 'choice' || spec.type === 'units') return { type: 'choice', choices: spec.choices };
  const { minimum, maximum } = spec.searched ?? spec;
  return { type: spec.type, minimum, maximum, log: spec.log ?? false };
}

/** Domains of the training options, around the recipe's values; a batch size only where there are rows for more than one. */
function trainingDomains(settings: TrainSettings, features: FeaturesContent): [string, Domain][] {
  const domains: [string, Domain][] = [];
  const around = (value: number, below: number, above: number): Domain => ({
    type: 'number',
    minimum: value / below,
    maximum: value * above,
    log: true,
  });
  if (typeof settings.learningRate === 'number') {
    domains.push(['learningRate', around(settings.learningRate, 10, 5)]);
  }
  const { batchSize } = settings;
  const rows = features.splits.train.rows;
  const sizes = [batchSize / 2, batchSize, batchSize * 2].filter(
    (size) => Number.isInteger(size) && size <= rows,
  );
  if (sizes.length > 1 && sizes.includes(batchSize)) {
    domains.push(['batchSize', { type: 'choice', choices: sizes }]);
  }
  if (settings.weightDecay > 0) domains.push(['weightDecay', around(settings.weightDecay, 20, 10)]);
  if (settings.labelSmoothing > 0) {
    domains.push(['labelSmoothing', { type: 'number', minimum: 0, maximum: 0.2, log: false }]);
  }
  return domains;
}

function defaultOf(settings: TrainSettings, parameter: string): Json {
  return (isTrainingParameter(parameter) ? settings[parameter] : settings.params[parameter]) ?? null;
}

/** The value, or what the domain has nearest to it. */
function nearest(domain: Domain, value: Json): Json {
  if (domain.type === 'choice')
    return domain.choices[Math.max(0, choiceIndex(domain.choices, value))] as Json;
  return Math.min(domain.maximum, Math.max(domain.minimum, Number(value)));
}
