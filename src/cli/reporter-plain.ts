import type { Writable } from 'node:stream';
import type { Progress, ProgressTask, Reporter } from '../core/reporter.js';
import type { Json } from '../core/json.js';
import type { Style } from './command.js';
import { formatDuration } from './format.js';
import { completedText, remainingText, valuesText } from './progress-text.js';
import { visibleLines } from './visible.js';

export interface ReporterOptions {
  readonly stderr: Writable;
  readonly style: Style;
  readonly verbose: boolean;
}

/** Units that are steps of their own and get a line each; of others (rows, bytes) a line every few seconds is enough. */
const COUNTED = /^(epoch|trial|fold|member|step|model|file)s?$/;
const SECONDS_BETWEEN_LINES = 5;

/** Lines for a log file or CI: no colour unless the style has it, nothing redrawn. */
export function plainReporter({ stderr, style, verbose }: ReporterOptions): Reporter {
  const line = (text: string): void => {
    stderr.write(`${visibleLines(text)}\n`);
  };
  return {
    info: line,
    warn: (message, hint) => {
      line(`${style.yellow('warning:')} ${message}`);
      if (hint !== undefined) line(`  ${style.dim('hint:')} ${hint}`);
    },
    debug: (message) => {
      if (verbose) line(style.dim(message));
    },
    progress: (task) => plainProgress(task, line),
  };
}

function plainProgress(task: ProgressTask, line: (text: string) => void): Progress {
  const began = performance.now();
  const everyUpdate = COUNTED.test(task.unit ?? '');
  let written = everyUpdate ? -1 : began;
  let last = -1;
  const elapsed = (): number => (performance.now() - began) / 1000;
  return {
    update(completed, values: Readonly<Record<string, Json>> = {}) {
      const now = performance.now();
      if (everyUpdate ? Math.floor(completed) <= last : now - written < SECONDS_BETWEEN_LINES * 1000) return;
      last = Math.floor(completed);
      written = now;
      const state = { task, completed, values, elapsed: elapsed() };
      const parts = [completedText(state), valuesText(values), remainingText(state)];
      line(`${task.title}: ${parts.filter((part) => part !== '').join('  ')}`);
    },
    done(message) {
      line(`${task.title}: ${message ?? 'done'} (${formatDuration(elapsed())})`);
    },
    fail(message) {
      line(`${task.title}: ${message ?? 'failed'}`);
    },
  };
}
