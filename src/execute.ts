import { stat } from 'node:fs/promises';
import type { CommandContext, Settings } from './cli/command.js';
import { confirm } from './cli/confirm.js';
import type { Globals } from './cli/globals.js';
import { checkArguments, parseArguments } from './cli/parse.js';
import { print } from './cli/print.js';
import type { AnyCommand } from './cli/registry.js';
import { createReporter } from './cli/reporter.js';
import { resolveSettings } from './cli/settings.js';
import { createStyle } from './cli/style.js';
import { type Host, wantsColor, widthOf } from './cli/terminal.js';
import { loadCommands } from './commands/index.js';
import { type ConfigFile, loadConfig, NO_CONFIG } from './config/file.js';
import { EXIT } from './core/error-codes.js';
import { AimaasError } from './core/errors.js';
import type { JsonObject } from './core/json.js';

const DEFAULT_WORKSPACE = '.aimaas';

/** Runs one command with the words after its name, shows its result, and gives the exit code. */
export async function execute(
  definition: AnyCommand,
  words: readonly string[],
  { ignoresConfig }: { readonly ignoresConfig: boolean },
  host: Host,
): Promise<number> {
  const { args, options, globals } = parseArguments(definition, words);
  const config = ignoresConfig ? NO_CONFIG : await readConfig(globals, host);
  const settings = resolveSettings(definition, { args, options }, host.env, config);
  checkArguments(definition, settings.args);
  const result = await runDefinition(definition, settings, globals, config, host);
  if (result === null) return EXIT.ok;
  await print(host.stdout, await resultText(definition, result, globals, host));
  const verdict = definition.verdict?.(result);
  if (verdict === undefined || verdict.exitCode === EXIT.ok) return EXIT.ok;
  await print(host.stderr, verdict.message);
  return verdict.exitCode;
}

async function runDefinition(
  definition: AnyCommand,
  settings: Settings,
  globals: Globals,
  config: ConfigFile,
  host: Host,
): Promise<JsonObject | null> {
  const workspace = workspaceOf(globals, host, config);
  await checkWorkspace(workspace);
  const { reporter, stop } = await createReporter(globals, host);
  const context: CommandContext = {
    workspace,
    reporter,
    signal: host.signal,
    get stdin() {
      return host.stdin;
    },
    stdout: host.stdout,
    stderr: host.stderr,
    env: host.env,
    json: globals.json,
    quiet: globals.quiet,
    confirm: (question) => confirm(question, host, globals.yes),
    settingsOf: (command) => resolveSettings(command, { args: [], options: {} }, host.env, config),
  };
  try {
    const { unusedVariables } = await import('./cli/environment.js');
    for (const sentence of await unusedVariables(host.env, definition, loadCommands)) reporter.warn(sentence);
    return await definition.run(settings.args, settings.options, context);
  } finally {
    stop();
  }
}

async function readConfig(globals: Globals, host: Host): Promise<ConfigFile> {
  const fromEnvironment = host.env['AIMAAS_CONFIG'];
  const named = globals.config ?? (fromEnvironment === '' ? undefined : fromEnvironment);
  return loadConfig(named, async (values) => {
    const { configProblems } = await import('./cli/config-problems.js');
    return configProblems(values, await loadCommands());
  });
}

function workspaceOf(globals: Globals, host: Host, config: ConfigFile): string {
  const fromEnvironment = host.env['AIMAAS_WORKSPACE'];
  const fromFile = config.values['workspace'];
  if (globals.workspace !== undefined) return globals.workspace;
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  return typeof fromFile === 'string' ? fromFile : DEFAULT_WORKSPACE;
}

/** @throws AimaasError USAGE for what can be no workspace. One that is not there yet is made when it is written to. */
async function checkWorkspace(workspace: string): Promise<void> {
  const isFile = await stat(workspace).then(
    (found) => !found.isDirectory(),
    () => false,
  );
  if (!isFile && workspace !== '') return;
  const what = isFile ? `"${workspace}", which is a file` : 'named by an empty text';
  throw new AimaasError('USAGE', `The workspace is ${what}; expected a folder.`, {
    hint: `--workspace ${DEFAULT_WORKSPACE}, the variable AIMAAS_WORKSPACE or workspace: in aimaas.yaml names it.`,
    details: { workspace },
  });
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
