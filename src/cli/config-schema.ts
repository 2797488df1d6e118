import type { JsonObject } from '../core/json.js';
import type { ArgumentSpec, Configurable, OptionSpec } from './command.js';
import { formSchema, mappingSchema, TEXT } from './form-schema.js';
import { sectionOf, settingOf } from './names.js';
import { DURATION_PATTERN, expectation } from './values.js';

/** COL=KIND and the like: aimaas.yaml takes a mapping as well as a list of texts. */
export function isMapping(spec: OptionSpec): boolean {
  return spec.repeatable === true && spec.form?.name !== undefined;
}

/** Numbers or words in one text: aimaas.yaml takes a list, too. */
export function isCommaList(spec: OptionSpec): boolean {
  return spec.form?.commas !== undefined;
}

/** A command's settings may stand in aimaas.yaml unless every option names one invocation. */
export function hasSection(command: Configurable): boolean {
  return Object.values(command.options).some((spec) => spec.commandLineOnly !== true);
}

/** Arguments that may be given as settings: those of verbs without sub-verbs whose name no option has. */
export function configurableArguments(command: Configurable): readonly ArgumentSpec[] {
  if (command.name.includes(' ') || !hasSection(command)) return [];
  const taken = new Set(Object.keys(command.options).map(settingOf));
  const free = command.arguments.filter((argument) => !taken.has(argumentSetting(argument)));
  return free.length === command.arguments.length ? free : [];
}

/** The key of the argument in aimaas.yaml: MODEL → model, SOURCE... → sources. */
export function argumentSetting(argument: ArgumentSpec): string {
  const name = argument.name.toLowerCase().replaceAll('-', '_');
  return argument.variadic === true ? `${name}s` : name;
}

function scalarSchema(spec: OptionSpec): JsonObject {
  const range: JsonObject = {
    ...(spec.minimum === undefined ? {} : { minimum: spec.minimum }),
    ...(spec.maximum === undefined ? {} : { maximum: spec.maximum }),
  };
  const keyword: JsonObject[] = spec.keyword === undefined ? [] : [{ const: spec.keyword }];
  switch (spec.type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'string':
      if (spec.choices !== undefined) return { type: 'string', enum: [...spec.choices] };
      return spec.form === undefined ? TEXT : formSchema(spec.form);
    case 'integer':
    case 'number': {
      const number: JsonObject = { type: spec.type, ...range };
      return keyword.length === 0 ? number : { anyOf: [number, ...keyword] };
    }
    case 'duration':
      return {
        anyOf: [{ type: 'number', minimum: 0 }, { type: 'string', pattern: DURATION_PATTERN }, ...keyword],
      };
  }
}

function optionSchema(spec: OptionSpec): JsonObject {
  const scalar = scalarSchema(spec);
  const about: JsonObject = {
    description:
      spec.defaultText === undefined
        ? spec.description
        : `${spec.description} (default: ${spec.defaultText})`,
  };
  if (spec.repeatable !== true) return { ...about, expects: expectation(spec), ...scalar };
  const mapping = spec.form?.name === undefined ? [] : [mappingSchema(spec.form)];
  const item: JsonObject = mapping.length === 0 ? scalar : { anyOf: [scalar, ...mapping] };
  const list: JsonObject = { type: 'array', items: item };
  const what = spec.choices === undefined ? expectation(spec) : spec.choices.join(', ');
  return {
    ...about,
    expects: `one or a list of: ${what}${mapping.length > 0 ? ', or a mapping' : ''}`,
    anyOf: [scalar, list, ...mapping],
  };
}

function argumentSchema(argument: ArgumentSpec): JsonObject {
  const about: JsonObject = { description: argument.description };
  if (argument.variadic !== true) return { ...about, expects: 'text', type: 'string' };
  return { ...about, expects: 'text or a list of texts', anyOf: [TEXT, { type: 'array', items: TEXT }] };
}

function sectionSchema(command: Configurable & { readonly summary: string }): JsonObject {
  const properties: Record<string, JsonObject> = {};
  for (const argument of configurableArguments(command)) {
    properties[argumentSetting(argument)] = argumentSchema(argument);
  }
  for (const [key, spec] of Object.entries(command.options)) {
    if (spec.commandLineOnly !== true) properties[settingOf(key)] = optionSchema(spec);
  }
  return {
    description: command.summary,
    expects: 'a mapping of settings',
    type: ['object', 'null'],
    additionalProperties: false,
    properties,
  };
}

/** The JSON Schema of aimaas.yaml, made from the tables of options of all commands. */
export function configSchema(commands: readonly (Configurable & { readonly summary: string })[]): JsonObject {
  const sections = commands.filter(hasSection);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'aimaas.yaml',
    description: 'Settings of aimaas: one section a command, with its options in snake_case.',
    expects: 'a mapping of sections',
    type: 'object',
    additionalProperties: false,
    properties: {
      workspace: {
        description: 'Folder of all artifacts and metrics (default: .aimaas)',
        expects: 'text',
        type: 'string',
      },
      ...Object.fromEntries(sections.map((command) => [sectionOf(command.name), sectionSchema(command)])),
    },
  };
}
