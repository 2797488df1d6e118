import { nearestName } from '../core/suggest.js';
import type { Configurable } from './command.js';
import { flagOf, variableOf } from './names.js';

const PREFIX = 'AIMAAS_';

/** Variables that belong to no command. */
const OF_ALL_COMMANDS = ['AIMAAS_WORKSPACE', 'AIMAAS_CONFIG', 'AIMAAS_HOME', 'AIMAAS_PASSPHRASE'];

/** An option as an environment variable; one for the command line only has no effect there. */
type Variable = { readonly name: string; readonly ignored: string | undefined };

function variablesOf(command: Configurable): Variable[] {
  return Object.entries(command.options).map(([key, { commandLineOnly }]) => ({
    name: variableOf(command.name, key),
    ignored: commandLineOnly === true ? `aimaas ${command.name} ${flagOf(key)}` : undefined,
  }));
}

/**
 * A sentence for each variable of the environment that looks like a setting and is none.
 * @param command The command that runs: if all are its own, the others are not loaded.
 */
export async function unusedVariables(
  env: Readonly<Record<string, string | undefined>>,
  command: Configurable,
  loadAll: () => Promise<readonly Configurable[]>,
): Promise<string[]> {
  const own = new Set(OF_ALL_COMMANDS);
  for (const { name, ignored } of variablesOf(command)) if (ignored === undefined) own.add(name);
  const doubtful = Object.keys(env).filter(
    (name) => name.startsWith(PREFIX) && env[name] !== '' && !own.has(name),
  );
  if (doubtful.length === 0) return [];
  const known = new Map(
    [...(await loadAll()), command].flatMap(variablesOf).map((each) => [each.name, each]),
  );
  return doubtful.sort().flatMap((name) => {
    const variable = known.get(name);
    if (variable !== undefined) {
      if (variable.ignored === undefined) return [];
      return [`${name} has no effect: it can be set on the command line only, with ${variable.ignored}.`];
    }
    const usable = [...known.values()]
      .filter(({ ignored }) => ignored === undefined)
      .map((each) => each.name);
    const near = nearestName(name, [...OF_ALL_COMMANDS, ...usable]);
    return [
      `${name} is no setting of aimaas and has no effect.${near === undefined ? '' : ` Did you mean ${near}?`}`,
    ];
  });
}
