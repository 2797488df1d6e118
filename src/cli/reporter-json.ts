import type { Writable } from 'node:stream';
import { type Reporter, silentReporter } from '../core/reporter.js';

/** One JSON object a line, for --json in a script: warnings always, the rest with -v. */
export function jsonReporter(stderr: Writable, verbose: boolean): Reporter {
  const line = (level: string, message: string, hint?: string): void => {
    stderr.write(`${JSON.stringify({ level, message, ...(hint === undefined ? {} : { hint }) })}\n`);
  };
  return {
    ...silentReporter,
    warn: (message, hint) => line('warning', message, hint),
    info: (message) => {
      if (verbose) line('info', message);
    },
    debug: (message) => {
      if (verbose) line('debug', message);
    },
  };
}

/** For -q: warnings only. */
export function quietReporter(reporter: Reporter): Reporter {
  return { ...silentReporter, warn: (message, hint) => reporter.warn(message, hint) };
}
