import type { Writable } from 'node:stream';
import { type Reporter, silentReporter } from '../core/reporter.js';

/** One JSON object a line with the time, for what gathers the logs of services. */
export function logReporter(stderr: Writable, quiet: boolean): Reporter {
  const line = (level: string, message: string, hint?: string): void => {
    const time = new Date().toISOString();
    stderr.write(`${JSON.stringify({ time, level, message, ...(hint === undefined ? {} : { hint }) })}\n`);
  };
  return {
    ...silentReporter,
    warn: (message, hint) => line('warn', message, hint),
    info: (message) => {
      if (!quiet) line('info', message);
    },
  };
}
