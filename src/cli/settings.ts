import { AimaasError } from '../core/errors.js';
import { type Json, type JsonObject, isJsonObject } from '../core/json.js';
import type { ConfigFile } from '../config/file.js';
import type { Configurable, OptionSpec, OptionValue, Settings } from './command.js';
import { argumentSetting, configurableArguments, isCommaList, isMapping } from './config-schema.js';
import { sectionOf, settingOf, variableOf } from './names.js';
import { splitList, valueFrom } from './values.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** A list in an environment variable: a JSON array, or separated by commas. */
function listFromText(text: string, name: string): string[] {
  if (!text.trimStart().startsWith('[')) return text.split(',').map((part) => part.trim());
  try {
    return (JSON.parse(text) as unknown[]).map(String);
  } catch (error) {
    throw new AimaasError('USAGE', `${name} looks like a JSON list but cannot be read: "${text}".`, {
      hint: 'Write ["a","b"], or a,b.',
      cause: error,
    });
  }
}

function fromEnvironment(command: Configurable, env: Environment): Record<string, OptionValue> {
  const values: Record<string, OptionValue> = {};
  for (const [key, spec] of Object.entries(command.options)) {
    const name = variableOf(command.name, key);
    const text = env[name];
    if (text === undefined || text === '' || spec.commandLineOnly === true) continue;
    values[key] =
      spec.repeatable === true
        ? listFromText(text, name).map((part) => valueFrom(spec, part, name))
        : valueFrom(spec, text, name);
  }
  return values;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A text that stands for a value of the file, as on the command line, and the place of it in the setting. */
interface PlacedText {
  readonly text: string;
  readonly place: readonly (string | number)[];
}

/** A setting of the file in the texts that the command line would have: one, or those of a list or mapping. */
export function placedTexts(spec: OptionSpec, value: Json): PlacedText[] {
  if (spec.repeatable !== true) {
    const isList = isCommaList(spec) && Array.isArray(value);
    const text = isList ? (value as readonly Json[]).map(textOf).join(',') : textOf(value);
    return [{ text, place: [] }];
  }
  if (!Array.isArray(value)) return textsOf(spec, value, []);
  return (value as readonly Json[]).flatMap((item, index) => textsOf(spec, item, [index]));
}

function textsOf(spec: OptionSpec, item: Json, place: PlacedText['place']): PlacedText[] {
  if (isMapping(spec) && isJsonObject(item)) {
    return Object.entries(item).map(([left, right]) => ({
      text: `${left}=${textOf(right)}`,
      place: [...place, left],
    }));
  }
  return splitList(spec, textOf(item)).map((text) => ({ text, place }));
}

function fileValue(spec: OptionSpec, value: Json, name: string): OptionValue {
  const values = placedTexts(spec, value).map(({ text }) => valueFrom(spec, text, name));
  return spec.repeatable === true ? values : (values[0] as OptionValue);
}

function sectionFor(command: Configurable, config: ConfigFile): JsonObject {
  const section = config.values[sectionOf(command.name)];
  return isJsonObject(section) ? section : {};
}

function fromFile(command: Configurable, config: ConfigFile): Record<string, OptionValue> {
  const section = sectionFor(command, config);
  const values: Record<string, OptionValue> = {};
  for (const [key, spec] of Object.entries(command.options)) {
    const value = section[settingOf(key)];
    if (value === undefined || value === null || spec.commandLineOnly === true) continue;
    const name = `${sectionOf(command.name)}.${settingOf(key)} in ${config.path}`;
    values[key] = fileValue(spec, value, name);
  }
  return values;
}

function argumentsFromFile(command: Configurable, config: ConfigFile): string[] {
  const section = sectionFor(command, config);
  const args: string[] = [];
  for (const argument of configurableArguments(command)) {
    const value = section[argumentSetting(argument)];
    if (value === undefined || value === null) break;
    args.push(...(Array.isArray(value) ? (value as readonly Json[]).map(textOf) : [textOf(value)]));
  }
  return args;
}

/**
 * What a command is to do, from all places: command line before environment before file. Arguments are taken from the
 * file only when the command line has none.
 * @throws AimaasError USAGE for a value that does not fit its option, naming where it was set.
 */
export function resolveSettings(
  command: Configurable,
  given: {
    readonly args: readonly string[];
    readonly options: Readonly<Record<string, OptionValue | undefined>>;
  },
  env: Environment,
  config: ConfigFile,
): Settings {
  const options: Record<string, OptionValue> = {
    ...fromFile(command, config),
    ...fromEnvironment(command, env),
  };
  for (const [key, value] of Object.entries(given.options)) if (value !== undefined) options[key] = value;
  const args = given.args.length > 0 ? given.args : argumentsFromFile(command, config);
  return { args, options };
}
