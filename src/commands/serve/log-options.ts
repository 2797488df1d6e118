import type { OptionSpec } from '../../cli/command.js';

const group = 'Logs';

/** Options of `serve` about what it writes of its requests. */
export const LOG_OPTIONS = {
  accessLog: {
    type: 'string',
    placeholder: 'FILE',
    description: 'A line for every request, added to the file; - for stderr. Never bodies, rows or keys',
    group,
  },
  logFormat: {
    type: 'string',
    placeholder: 'FORMAT',
    choices: ['json', 'text'],
    description: 'Of the access log and of what serve itself says',
    defaultText: 'text for people, json for an access log that is no terminal',
    group,
  },
  auditPredictions: {
    type: 'boolean',
    description: 'Remember every prediction in the audit log, too: who asked which model for how many rows',
    group,
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
