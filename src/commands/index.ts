import type { AnyCommand, CommandEntry } from '../cli/registry.js';

const PROJECT = 'Project';

/**
 * Every command in the order of the help. Only names and summaries stand here, so that `aimaas --help` loads no
 * command; adding one is a new file and an entry.
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Write a commented aimaas.yaml for a project',
    group: PROJECT,
    ignoresConfig: true,
    load: async () => (await import('./init.js')).default,
  },
];

/** All definitions, for what needs every option: the schema of aimaas.yaml, docs/cli.md, completion. */
export async function loadCommands(): Promise<readonly AnyCommand[]> {
  return Promise.all(COMMANDS.map((entry) => entry.load()));
}
