import { AimaasError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { didYouMean } from '../../core/suggest.js';
import { OPTIMIZER_NAMES, SCHEDULE_NAMES } from '../../core/training-names.js';
import type { ParameterSpec } from '../../models/family.js';
import type { Domain } from '../../search/space.js';
import type { FoundFamily } from '../train/model-source.js';
import type { Overrides, TRAINING_PARAMETERS } from './space.js';

type NumericSpec = Extract<ParameterSpec, { readonly minimum: number }>;

const TRAINING_SPECS: Readonly<Record<(typeof TRAINING_PARAMETERS)[number], ParameterSpec>> = {
  learningRate: { type: 'number', description: 'learning rate', minimum: 1e-9, maximum: 1e3, log: true },
  batchSize: { type: 'integer', description: 'rows a step', minimum: 1, maximum: 1e7, log: true },
  weightDecay: { type: 'number', description: 'decay of the weights', minimum: 0, maximum: 10, log: true },
  labelSmoothing: { type: 'number', description: 'label smoothing', minimum: 0, maximum: 0.9 },
  epochs: { type: 'integer', description: 'passes over the rows', minimum: 1, maximum: 1e6, log: true },
  members: { type: 'integer', description: 'networks side by side', minimum: 1, maximum: 64 },
  optimizer: { type: 'choice', description: 'rule of gradient descent', choices: OPTIMIZER_NAMES },
  schedule: { type: 'choice', description: 'course of the learning rate', choices: SCHEDULE_NAMES },
};

/**
 * Reads `--space NAME=VALUES`: `a..b` is a range, `a|b|c` are choices, one value alone is fixed. NAME is a parameter of a
 * family or a training option, in any case style; `mlp.dropout` means that family's only.
 * @throws AimaasError USAGE that names the text and what is expected.
 */
export function readOverrides(
  texts: readonly string[],
  families: ReadonlyMap<string, FoundFamily>,
): Overrides {
  const overrides = new Map<string, Domain>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw bad(text, 'NAME=VALUES, where VALUES is low..high, a|b|c, or one value');
    const found = specsOf(camelCase(text.slice(0, at).trim()), families, text);
    for (const [name, spec] of found) overrides.set(name, domainFrom(spec, text.slice(at + 1).trim(), text));
  }
  return overrides;
}

/** learning-rate and learning_rate → learningRate */
function camelCase(name: string): string {
  return name.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function bad(text: string, expected: string): AimaasError {
  return new AimaasError('USAGE', `--space is "${text}"; expected ${expected}.`, {
    hint: "aimaas optimize --space 'learning-rate=0.001..0.1' --space 'units=64,64|128,128' --space epochs=50",
  });
}

/** The specifications a name stands for, by "family.name". */
function specsOf(
  name: string,
  families: ReadonlyMap<string, FoundFamily>,
  text: string,
): [string, ParameterSpec][] {
  const known = ({ family }: FoundFamily): Readonly<Record<string, ParameterSpec>> => ({
    ...TRAINING_SPECS,
    ...family.parameters,
  });
  const found = [...families].flatMap(([given, one]): [string, ParameterSpec][] =>
    Object.entries(known(one))
      .filter(([parameter]) => name === parameter || name === `${one.family.name}.${parameter}`)
      .map(([parameter, spec]) => [`${given}.${parameter}`, spec]),
  );
  if (found.length > 0) return found;
  const names = new Set([...families.values()].flatMap((one) => Object.keys(known(one))));
  throw bad(
    text,
    `the name of a parameter of ${[...families.keys()].join(' or ')}, or of a training option. ${didYouMean(name, names).replace(/\.$/, '')}`,
  );
}

function domainFrom(spec: ParameterSpec, values: string, text: string): Domain {
  const range = /^(.+)\.\.(.+)$/.exec(values);
  if (range !== null) {
    if (spec.type === 'choice' || spec.type === 'units') throw bad(text, 'choices a|b|c, not a range');
    const [minimum, maximum] = [numberFrom(spec, range[1], text), numberFrom(spec, range[2], text)];
    if (minimum > maximum) throw bad(text, 'a range whose low end is not above its high end');
    return { type: spec.type, minimum, maximum, log: spec.log === true && minimum > 0 };
  }
  const choices = values.split('|').map((value) => valueFrom(spec, value.trim(), text));
  return { type: 'choice', choices };
}

function valueFrom(spec: ParameterSpec, value: string, text: string): Json {
  if (spec.type === 'choice') {
    const choice = spec.choices.find((candidate) => String(candidate) === value);
    if (choice === undefined) throw bad(text, `one of ${spec.choices.join(', ')}, separated by |`);
    return choice;
  }
  if (spec.type !== 'units') return numberFrom(spec, value, text);
  const units = value.split(',').map(Number);
  if (units.some((unit) => !Number.isInteger(unit) || unit < 1)) {
    throw bad(text, 'units of the hidden layers such as 64,64|128,128');
  }
  return units;
}

function numberFrom(spec: NumericSpec, value: string | undefined, text: string): number {
  const number = value === undefined || value.trim() === '' ? NaN : Number(value);
  const whole = spec.type === 'integer';
  if (!(number >= spec.minimum && number <= spec.maximum) || (whole && !Number.isInteger(number))) {
    throw bad(text, `${whole ? 'whole ' : ''}numbers from ${spec.minimum} to ${spec.maximum}`);
  }
  return number;
}
