import type { OptionSpec } from './command.js';

/** The options every command takes. */
export const GLOBAL_OPTIONS = {
  workspace: {
    type: 'string',
    placeholder: 'DIR',
    description: 'Folder of all artifacts and metrics (also AIMAAS_WORKSPACE)',
    defaultText: '.aimaas',
  },
  config: {
    type: 'string',
    placeholder: 'FILE',
    description: 'Settings file to use',
    defaultText: 'aimaas.yaml if there is one',
  },
  json: { type: 'boolean', description: 'Print the result as one JSON document' },
  quiet: { type: 'boolean', short: 'q', description: 'Print the bare result value only, and no progress' },
  verbose: { type: 'boolean', short: 'v', description: 'Say more about what is done' },
  yes: { type: 'boolean', description: 'Answer yes to every question' },
  noColor: { type: 'boolean', description: 'No colours and no animation (also NO_COLOR)' },
  debug: { type: 'boolean', description: 'Show the stack of an error' },
  help: { type: 'boolean', short: 'h', description: 'Show this help' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export interface Globals {
  readonly workspace: string | undefined;
  readonly config: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly yes: boolean;
  readonly noColor: boolean;
  readonly debug: boolean;
  readonly help: boolean;
}
