import { commandHelp, rootHelp } from './cli/help.js';
import { locateCommand } from './cli/locate.js';
import { print } from './cli/print.js';
import { createStyle } from './cli/style.js';
import { type Host, wantsColor, widthOf } from './cli/terminal.js';
import { COMMANDS } from './commands/index.js';
import { EXIT } from './core/error-codes.js';
import { AimaasError } from './core/errors.js';

/**
 * The program: runs the command that argv names and gives the exit code. Results go to host.stdout, all else to
 * host.stderr. Nothing is thrown; this is the one place that catches.
 */
export async function main(argv: readonly string[], host: Host): Promise<number> {
  const end = argv.indexOf('--');
  const flags = new Set(end < 0 ? argv : argv.slice(0, end));
  try {
    return await start(argv, host, flags);
  } catch (thrown) {
    return await reportFailure(thrown, host, flags);
  }
}

/** Finds what is asked for. Help is given from here, without loading what the commands need. */
async function start(argv: readonly string[], host: Host, flags: ReadonlySet<string>): Promise<number> {
  if (argv[0] === '--version' || argv[0] === '-V') {
    const { VERSION } = await import('./core/version.js');
    await print(host.stdout, VERSION);
    return EXIT.ok;
  }
  const { entry, group, help, rest } = await locateCommand(argv, COMMANDS);
  const definition = await entry?.load();
  if (entry === undefined || definition === undefined) {
    if (!help && rest.length > 0) {
      const { nearestName } = await import('./core/suggest.js');
      const near = nearestName(rest[0] ?? '', ['--help', '--version']);
      const guess = near === undefined ? '' : ` Did you mean ${near}?`;
      throw new AimaasError('USAGE', `No command was given, only ${rest.join(' ')}.${guess}`, {
        hint: 'aimaas --help',
      });
    }
  } else if (!help && !flags.has('--help') && !flags.has('-h')) {
    const { execute } = await import('./execute.js');
    return execute(definition, rest, { ignoresConfig: entry.ignoresConfig === true }, host);
  }
  const style = await createStyle(
    wantsColor(host.stdout, host.env, flags.has('--no-color')),
    widthOf(host.stdout),
  );
  await print(
    host.stdout,
    definition === undefined ? rootHelp(COMMANDS, style, group) : commandHelp(definition, style),
  );
  return EXIT.ok;
}

async function reportFailure(thrown: unknown, host: Host, flags: ReadonlySet<string>): Promise<number> {
  const { asUserError, errorJson, errorText } = await import('./cli/error-text.js');
  const error = asUserError(thrown, host.signal);
  const debug = flags.has('--debug');
  if (flags.has('--json')) {
    await print(host.stderr, errorJson(error, debug));
  } else {
    const style = await createStyle(
      wantsColor(host.stderr, host.env, flags.has('--no-color')),
      widthOf(host.stderr),
    );
    await print(host.stderr, errorText(error, style, debug));
  }
  return error.exitCode;
}
