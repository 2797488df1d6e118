import { type ConfigProblem, findProblems } from '../config/problems.js';
import { AimaasError } from '../core/errors.js';
import { type Json, isJsonObject } from '../core/json.js';
import type { Configurable, OptionSpec } from './command.js';
import { configSchema, hasSection } from './config-schema.js';
import { sectionOf, settingOf } from './names.js';
import { placedTexts } from './settings.js';
import { valueFrom } from './values.js';

type ConfigurableCommand = Configurable & { readonly summary: string };

/**
 * Every problem of the content of aimaas.yaml that can be seen without data: what does not fit the schema, and what the
 * options themselves do not take. Of texts these know the nearest word; of all else the schema says it best.
 */
export function configProblems(values: Json, commands: readonly ConfigurableCommand[]): ConfigProblem[] {
  const found = commands.filter(hasSection).flatMap((command) => valueProblems(values, command));
  const ofTexts = found.filter(({ spec }) => spec.type === 'string').map(({ problem }) => problem);
  const ofSchema = besides(ofTexts, findProblems(values, configSchema(commands)));
  const ofOthers = found.filter(({ spec }) => spec.type !== 'string').map(({ problem }) => problem);
  return [...ofTexts, ...ofSchema, ...besides(ofSchema, ofOthers)];
}

/** The problems of settings that none is told of yet. */
function besides(told: readonly ConfigProblem[], problems: readonly ConfigProblem[]): ConfigProblem[] {
  const keyOf = ({ path }: ConfigProblem): string => JSON.stringify(path.slice(0, 2));
  const known = new Set(told.map(keyOf));
  return problems.filter((problem) => !known.has(keyOf(problem)));
}

interface ValueProblem {
  readonly spec: OptionSpec;
  readonly problem: ConfigProblem;
}

function valueProblems(values: Json, command: Configurable): ValueProblem[] {
  const name = sectionOf(command.name);
  const section = isJsonObject(values) ? values[name] : undefined;
  if (!isJsonObject(section)) return [];
  return Object.entries(command.options).flatMap(([key, spec]) => {
    const setting = settingOf(key);
    const value = section[setting];
    if (value === undefined || value === null || spec.commandLineOnly === true) return [];
    return settingProblems(spec, value, [name, setting]).map((problem) => ({ spec, problem }));
  });
}

function settingProblems(spec: OptionSpec, value: Json, path: readonly string[]): ConfigProblem[] {
  return placedTexts(spec, value).flatMap(({ text, place }) => {
    try {
      valueFrom(spec, text, path.join('.'));
      return [];
    } catch (error) {
      if (!(error instanceof AimaasError)) throw error;
      return [{ path: [...path, ...place], message: error.message }];
    }
  });
}
