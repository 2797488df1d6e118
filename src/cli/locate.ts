import { AimaasError } from '../core/errors.js';
import { DEFAULT_SUB_VERB, type CommandEntry } from './registry.js';

const GLOBALS_WITH_VALUE = new Set(['--workspace', '--config']);

export interface Located {
  /** Undefined when no command was named. */
  readonly entry: CommandEntry | undefined;
  /** `aimaas help …` was asked for, of the entry if there is one, else of the whole. */
  readonly help: boolean;
  /** First word of a group of sub-verbs whose help is wanted: "runs". */
  readonly group?: string;
  /** argv without the words that name the command. */
  readonly rest: readonly string[];
}

/** Positions of the words that are no options, up to `limit` of them; values of the global options are skipped. */
function wordPositions(argv: readonly string[], limit: number): number[] {
  const positions: number[] = [];
  for (let i = 0; i < argv.length && positions.length < limit; i++) {
    const token = argv[i] ?? '';
    if (token === '--') break;
    if (GLOBALS_WITH_VALUE.has(token)) i++;
    else if (!token.startsWith('-') || token === '-') positions.push(i);
    else if (positions.length > 0) break;
  }
  return positions;
}

async function unknownCommand(word: string, entries: readonly CommandEntry[]): Promise<AimaasError> {
  const { didYouMean } = await import('../core/suggest.js');
  const names = [...new Set(entries.map((entry) => entry.name.split(' ')[0] ?? entry.name)), 'help'];
  return new AimaasError('USAGE', `There is no command "${word}". ${didYouMean(word, names)}`, {
    hint: 'aimaas --help',
    details: { command: word },
  });
}

/**
 * Finds which command argv names, wherever the global options stand.
 * @throws AimaasError USAGE for a command or sub-verb that does not exist, with the nearest name.
 */
export async function locateCommand(
  argv: readonly string[],
  entries: readonly CommandEntry[],
): Promise<Located> {
  const positions = wordPositions(argv, 3);
  const words = positions.map((position) => argv[position] ?? '');
  const without = (count: number): string[] =>
    argv.filter((_, index) => !positions.slice(0, count).includes(index));

  if (words.length === 0)
    return { entry: undefined, help: argv.includes('--help') || argv.includes('-h'), rest: argv };
  const asksHelp = words[0] === 'help';
  const offset = asksHelp ? 1 : 0;
  const [verb, sub] = words.slice(offset);
  if (verb === undefined) return { entry: undefined, help: true, rest: without(1) };

  const both = sub === undefined ? undefined : entries.find((entry) => entry.name === `${verb} ${sub}`);
  if (both !== undefined) return { entry: both, help: asksHelp, rest: without(offset + 2) };
  const single = entries.find((entry) => entry.name === verb);
  if (single !== undefined) return { entry: single, help: asksHelp, rest: without(offset + 1) };

  const members = entries.filter((entry) => entry.name.startsWith(`${verb} `));
  if (members.length === 0) throw await unknownCommand(verb, entries);
  if (sub === undefined) {
    const rest = without(offset + 1);
    const wantsHelp = asksHelp || rest.includes('--help') || rest.includes('-h');
    const fallback = members.find((entry) => entry.name === `${verb} ${DEFAULT_SUB_VERB}`);
    if (wantsHelp || fallback === undefined) return { entry: undefined, help: true, group: verb, rest };
    return { entry: fallback, help: false, rest };
  }
  const { didYouMean } = await import('../core/suggest.js');
  const subs = members.map((entry) => entry.name.slice(verb.length + 1));
  throw new AimaasError('USAGE', `"aimaas ${verb}" has no command "${sub}". ${didYouMean(sub, subs)}`, {
    hint: `aimaas ${verb} --help`,
    details: { command: `${verb} ${sub}` },
  });
}
