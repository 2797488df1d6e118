import type { AnyCommand, CommandEntry } from './cli/registry.js';

/** What stands in for commands/index.ts in the standalone program: it serves, and nothing else. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'Answer predictions over HTTP',
    group: 'Service',
    ignoresConfig: true,
    load: async () => (await import('./commands/serve.js')).default,
  },
];

export async function loadCommands(): Promise<AnyCommand[]> {
  return Promise.all(COMMANDS.map((entry) => entry.load()));
}
