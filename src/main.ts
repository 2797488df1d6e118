import type { Writable } from 'node:stream';
import type { CommandContext } from './cli/command.js';
import { errorJson, errorText, internalError } from './cli/error-text.js';
import type { Globals } from './cli/globals.js';
import { commandHelp, rootHelp } from './cli/help.js';
import { type Located, locateCommand } from './cli/locate.js';
import { createReporter } from './cli/reporter.js';
import type { AnyCommand } from './cli/registry.js';
import { createStyle } from './cli/style.js';
import { type Host, wantsColor, widthOf } from './cli/terminal.js';
import { COMMANDS, loadCommands } from './commands/index.js';
import { type ConfigFile, loadConfig, NO_CONFIG } from './config/file.js';
import { EXIT } from './core/error-codes.js';
import { AimaasError } from './core/errors.js';
import type { JsonObject } from './core/json.js';

const DEFAULT_WORKSPACE = '.aimaas';

/**
 * The program: runs the command that argv names and gives the exit code. Results go to host.stdout, all else to
 * host.stderr. Nothing is thrown; this is the one place that catches.
 */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const has = (flag: string): boolean =>
    argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).includes(flag);
  try {
    return await runCommand(argv, host, has('--no-color'));
  } catch (thrown) {
    const error = await asUserError(thrown, host);
    const style = await createStyle(
      wantsColor(host.stderr, host.env, has('--no-color')),
      widthOf(host.stderr),
    );
    const text = has('--json') ? errorJson(error, has('--debug')) : errorText(error, style, has('--debug'));
    host.stderr.write(`${text}\n`);
    return error.exitCode;
  }
}

async function runCommand(argv: readonly string[], host: Host, noColor: boolean): Promise<number> {
  if (argv[0] === '--version' || argv[0] === '-V') {
    const { VERSION } = await import('./core/version.js');
    await print(host.stdout, VERSION);
    return EXIT.ok;
  }
  const located = await locateCommand(argv, COMMANDS);
  if (located.entry === undefined) {
    const { rest } = located;
    if (!located.help && rest.length > 0) await rejectStray(rest);
    return showHelp(located, undefined, host, noColor);
  }
  const definition = await located.entry.load();
  const { checkArguments, parseArguments } = await import('./cli/parse.js');
  const parsed = parseArguments(definition, located.help ? ['--help'] : located.rest);
  if (parsed.globals.help) return showHelp(located, definition, host, noColor || parsed.globals.noColor);

  const config = located.entry.ignoresConfig === true ? NO_CONFIG : await readConfig(parsed.globals, host);
  const { resolveSettings } = await import('./cli/settings.js');
  const settings = resolveSettings(definition, parsed, host.env, config);
  checkArguments(definition, settings.args);
  return execute(definition, settings, parsed.globals, config, host);
}

/** Options without a command, such as `aimaas --target y`: most likely the verb was forgotten. */
async function rejectStray(rest: readonly string[]): Promise<void> {
  const { parseArguments } = await import('./cli/parse.js');
  parseArguments({ ...NO_COMMAND, name: '' }, rest);
  throw new AimaasError('USAGE', 'No command was given.', { hint: 'aimaas --help' });
}

const NO_COMMAND: Omit<AnyCommand, 'name'> = {
  summary: '',
  examples: [],
  arguments: [],
  options: {},
  run: () => Promise.resolve(null),
  render: () => '',
  quiet: () => '',
};

async function readConfig(globals: Globals, host: Host): Promise<ConfigFile> {
  const named = globals.config ?? (host.env['AIMAAS_CONFIG'] === '' ? undefined : host.env['AIMAAS_CONFIG']);
  return loadConfig(named, async () => {
    const { configSchema } = await import('./cli/config-schema.js');
    return configSchema(await loadCommands());
  });
}

function workspaceOf(globals: Globals, host: Host, config: ConfigFile): string {
  const fromFile = config.values['workspace'];
  const fromEnvironment = host.env['AIMAAS_WORKSPACE'];
  if (globals.workspace !== undefined) return globals.workspace;
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  return typeof fromFile === 'string' ? fromFile : DEFAULT_WORKSPACE;
}

async function execute(
  definition: AnyCommand,
  settings: { readonly args: readonly string[]; readonly options: Readonly<Record<string, unknown>> },
  globals: Globals,
  config: ConfigFile,
  host: Host,
): Promise<number> {
  const { resolveSettings } = await import('./cli/settings.js');
  const live = await createReporter(globals, host);
  const context: CommandContext = {
    workspace: workspaceOf(globals, host, config),
    reporter: live.reporter,
    signal: host.signal,
    stdin: host.stdin,
    stdout: host.stdout,
    json: globals.json,
    quiet: globals.quiet,
    confirm: async (question) => (await import('./cli/confirm.js')).confirm(question, host, globals.yes),
    settingsOf: (command) => resolveSettings(command, { args: [], options: {} }, host.env, config),
  };
  let result: JsonObject | null;
  try {
    result = await definition.run(settings.args, settings.options, context);
  } finally {
    live.stop();
  }
  if (result === null) return EXIT.ok;
  await print(host.stdout, await resultText(definition, result, globals, host));
  const verdict = definition.verdict?.(result);
  if (verdict === undefined || verdict.exitCode === EXIT.ok) return EXIT.ok;
  host.stderr.write(`${verdict.message}\n`);
  return verdict.exitCode;
}

async function resultText(
  definition: AnyCommand,
  result: JsonObject,
  globals: Globals,
  host: Host,
): Promise<string> {
  if (globals.json) return JSON.stringify(result, null, 2);
  if (globals.quiet) return definition.quiet(result);
  const style = await createStyle(wantsColor(host.stdout, host.env, globals.noColor), widthOf(host.stdout));
  return definition.render(result, style);
}

async function showHelp(
  located: Located,
  definition: AnyCommand | undefined,
  host: Host,
  noColor: boolean,
): Promise<number> {
  const style = await createStyle(wantsColor(host.stdout, host.env, noColor), widthOf(host.stdout));
  const text =
    definition === undefined ? rootHelp(COMMANDS, style, located.group) : commandHelp(definition, style);
  await print(host.stdout, text);
  return EXIT.ok;
}

/** Writes a text with its end of line and waits until it is handed over. */
async function print(stream: Writable, text: string): Promise<void> {
  if (text === '') return;
  await new Promise<void>((resolve, reject) => {
    stream.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

/** Interruptions, failures of the system and everything else that was thrown, in words for the user. */
async function asUserError(thrown: unknown, host: Host): Promise<AimaasError> {
  if (thrown instanceof AimaasError) return thrown;
  if (host.signal.aborted && (thrown as Error | null)?.name === 'AbortError') {
    return new AimaasError('INTERRUPTED', 'Interrupted.', { cause: thrown });
  }
  const { systemError } = await import('./cli/system-error.js');
  return systemError(thrown) ?? internalError(thrown);
}
