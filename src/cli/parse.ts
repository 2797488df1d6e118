import { Command, CommanderError, Option } from 'commander';
import { AimaasError } from '../core/errors.js';
import { lowerFirst } from '../core/first-letter.js';
import { didYouMean } from '../core/suggest.js';
import type { OptionSpec, OptionValue } from './command.js';
import { GLOBAL_OPTIONS, type Globals } from './globals.js';
import { argumentUsage } from './help.js';
import { flagOf } from './names.js';
import type { AnyCommand } from './registry.js';
import { splitList, valueFrom } from './values.js';

type Values = Record<string, OptionValue | undefined>;

export interface Parsed {
  readonly args: readonly string[];
  /** Only what was given on the command line, by camelCase key. */
  readonly options: Values;
  readonly globals: Globals;
}

/** The flags as commander wants them: "-q, --quiet", "--target <COL>". */
function commanderFlags(key: string, spec: OptionSpec): string {
  const long = flagOf(key);
  const [open, close] = spec.bareValue === undefined ? ['<', '>'] : ['[', ']'];
  const value = spec.type === 'boolean' ? '' : ` ${open}${spec.placeholder ?? 'VALUE'}${close}`;
  return `${spec.short === undefined ? '' : `-${spec.short}, `}${long}${value}`;
}

function addOption(command: Command, key: string, spec: OptionSpec, seen: Values): void {
  const flag = flagOf(key);
  const option = new Option(commanderFlags(key, spec));
  if (spec.type === 'boolean') {
    command.addOption(option);
    command.on(`option:${option.name()}`, () => (seen[key] = true));
    // Lets the command line say no to a setting that aimaas.yaml switches on.
    if (!flag.startsWith('--no-')) {
      const negation = new Option(`--no-${flag.slice(2)}`);
      command.addOption(negation);
      command.on(`option:${negation.name()}`, () => (seen[key] = false));
    }
    return;
  }
  if (spec.bareValue !== undefined) option.preset(spec.bareValue);
  option.argParser((text: string) => {
    if (spec.repeatable === true) {
      const before = seen[key];
      const list = Array.isArray(before) ? (before as (string | number | boolean)[]) : [];
      seen[key] = [...list, ...splitList(spec, text).map((part) => valueFrom(spec, part, flag))];
    } else {
      seen[key] = valueFrom(spec, text, flag);
    }
    return text;
  });
  command.addOption(option);
}

/** commander's own words for a mistake, turned into ours. */
function usageError(error: CommanderError, definition: AnyCommand): AimaasError {
  const hint = `aimaas ${definition.name} --help`;
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  if (error.code === 'commander.unknownOption') {
    const known = [...Object.keys(definition.options), ...Object.keys(GLOBAL_OPTIONS)].map(flagOf);
    const name = quoted.split('=')[0] ?? quoted;
    return new AimaasError(
      'USAGE',
      `"aimaas ${definition.name}" has no option ${name}. ${didYouMean(name, known)}`,
      { hint, details: { option: name } },
    );
  }
  if (error.code === 'commander.optionMissingArgument') {
    const flag = /--[a-z0-9-]+/.exec(quoted)?.[0] ?? quoted;
    return new AimaasError('USAGE', `${flag} needs a value: ${quoted}.`, { hint, details: { option: flag } });
  }
  return new AimaasError('USAGE', error.message.replace(/^error: /, ''), { hint, cause: error });
}

/**
 * Parses the words after a command's name.
 * @throws AimaasError USAGE naming the option, the value received and, for a misspelling, the nearest name.
 */
export function parseArguments(definition: AnyCommand, argv: readonly string[]): Parsed {
  const seen: Values = {};
  const globals: Values = {};
  const command = new Command(`aimaas ${definition.name}`)
    .helpOption(false)
    .exitOverride()
    .allowExcessArguments(true)
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined, outputError: () => undefined });
  for (const [key, spec] of Object.entries(definition.options)) addOption(command, key, spec, seen);
  for (const [key, spec] of Object.entries(GLOBAL_OPTIONS)) addOption(command, key, spec, globals);
  command.argument('[arguments...]');
  command.action(() => undefined);
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw usageError(error, definition);
    if (error instanceof AimaasError && error.hint === undefined) {
      throw new AimaasError(error.code, error.message, {
        hint: `aimaas ${definition.name} --help`,
        details: error.details,
        cause: error,
      });
    }
    throw error;
  }
  const text = (key: string): string | undefined =>
    globals[key] === undefined ? undefined : String(globals[key]);
  return {
    args: command.args,
    options: seen,
    globals: {
      workspace: text('workspace'),
      config: text('config'),
      json: globals['json'] === true,
      quiet: globals['quiet'] === true,
      verbose: globals['verbose'] === true,
      yes: globals['yes'] === true,
      noColor: globals['noColor'] === true,
      debug: globals['debug'] === true,
      help: globals['help'] === true,
    },
  };
}

/**
 * Checks the number of arguments.
 * @throws AimaasError USAGE when a required one is missing or there are too many.
 */
export function checkArguments(definition: AnyCommand, args: readonly string[]): void {
  const specs = definition.arguments;
  const missing = specs.find((spec, index) => spec.required === true && args[index] === undefined);
  const usage = `aimaas ${definition.name} ${specs.map(argumentUsage).join(' ')}`.trimEnd();
  const hint = `Usage: ${usage}. See: aimaas ${definition.name} --help`;
  if (missing !== undefined) {
    throw new AimaasError(
      'USAGE',
      `"aimaas ${definition.name}" needs ${missing.name}: ${lowerFirst(missing.description).replace(/\.$/, '')}.`,
      { hint, details: { argument: missing.name } },
    );
  }
  const isVariadic = specs.some((spec) => spec.variadic === true);
  if (!isVariadic && args.length > specs.length) {
    const extra = args[specs.length] ?? '';
    throw new AimaasError(
      'USAGE',
      `"aimaas ${definition.name}" takes ${specs.length === 0 ? 'no arguments' : `at most ${specs.length} argument${specs.length === 1 ? '' : 's'}`}; "${extra}" is too many.`,
      { hint, details: { argument: extra } },
    );
  }
}
