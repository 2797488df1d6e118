import type { Reporter } from '../core/reporter.js';
import type { Globals } from './globals.js';
import { createStyle } from './style.js';
import { type Host, isTerminal, wantsAnimation, wantsColor, widthOf } from './terminal.js';

export interface ActiveReporter {
  readonly reporter: Reporter;
  /** Ends a live line that is still shown. */
  readonly stop: () => void;
}

/** The reporter that fits: live on a terminal, JSON lines for a script that asked for JSON, else plain lines. */
export async function createReporter(globals: Globals, host: Host): Promise<ActiveReporter> {
  const { stderr, env } = host;
  const { verbose, quiet, json, noColor } = globals;
  const stop = (): void => undefined;
  if (json && !isTerminal(stderr)) {
    const { jsonReporter, quietReporter } = await import('./reporter-json.js');
    const reporter = jsonReporter(stderr, verbose);
    return { reporter: quiet ? quietReporter(reporter) : reporter, stop };
  }
  const style = await createStyle(wantsColor(stderr, env, noColor), widthOf(stderr));
  const options = { stderr, style, verbose };
  if (wantsAnimation(stderr, env, noColor) && !quiet) {
    const { LiveReporter } = await import('./reporter-live.js');
    const reporter = await LiveReporter.create(options);
    return { reporter, stop: () => reporter.stop() };
  }
  const { plainReporter } = await import('./reporter-plain.js');
  const reporter = plainReporter(options);
  if (!quiet) return { reporter, stop };
  const { quietReporter } = await import('./reporter-json.js');
  return { reporter: quietReporter(reporter), stop };
}
