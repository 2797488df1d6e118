import type oraFactory from 'ora';
import type { Ora } from 'ora';
import type { Progress, ProgressTask, Reporter } from '../core/reporter.js';
import type { Json } from '../core/json.js';
import { formatDuration, sparkline } from './format.js';
import { plainReporter, type ReporterOptions } from './reporter-plain.js';
import { completedText, type ProgressState, rateText, remainingText, valuesText } from './progress-text.js';
import { truncate } from './width.js';

type OraFactory = typeof oraFactory;

/** Values a curve is drawn of, the first one present. */
const CURVES = ['loss', 'train_loss', 'validation_loss', 'score', 'best'];

/** A line that is redrawn in place, with a spinner; for terminals. Tasks may be nested: the newest is the one shown. */
export class LiveReporter implements Reporter {
  private readonly options: ReporterOptions;
  private readonly lines: Reporter;
  private readonly ora: OraFactory;
  private readonly running: LiveProgress[] = [];
  private spinner: Ora | undefined;

  static async create(options: ReporterOptions): Promise<LiveReporter> {
    return new LiveReporter(options, (await import('ora')).default);
  }

  private constructor(options: ReporterOptions, ora: OraFactory) {
    this.options = options;
    this.ora = ora;
    this.lines = plainReporter(options);
  }

  info(message: string): void {
    this.above(() => this.lines.info(message));
  }

  warn(message: string, hint?: string): void {
    this.above(() => this.lines.warn(message, hint));
  }

  debug(message: string): void {
    this.above(() => this.lines.debug(message));
  }

  progress(task: ProgressTask): Progress {
    const progress = new LiveProgress(task, {
      changed: () => this.show(),
      ended: (self, line) => this.end(self, line),
    });
    this.running.push(progress);
    this.show();
    return progress;
  }

  /** Ends the live line, whatever is running, so that the terminal is left clean. */
  stop(): void {
    this.spinner?.stop();
    this.spinner = undefined;
    this.running.length = 0;
  }

  /** Writes lines above the live one. */
  private above(write: () => void): void {
    this.spinner?.clear();
    write();
    this.spinner?.render();
  }

  private show(): void {
    const current = this.running.at(-1);
    if (current === undefined) return;
    const width = this.options.style.width - 3;
    const text = truncate(current.text(), width);
    if (this.spinner === undefined) {
      this.spinner = this.ora({
        text,
        stream: this.options.stderr,
        isEnabled: true,
        discardStdin: false,
        hideCursor: true,
      }).start();
    } else {
      this.spinner.text = text;
    }
  }

  private end(progress: LiveProgress, outcome: { readonly ok: boolean; readonly text: string }): void {
    const index = this.running.indexOf(progress);
    if (index >= 0) this.running.splice(index, 1);
    const { style } = this.options;
    const line = `${outcome.ok ? style.green('✔') : style.red('✖')} ${outcome.text}`;
    if (this.running.length === 0) {
      this.spinner?.stop();
      this.spinner = undefined;
      this.lines.info(line);
    } else {
      this.above(() => this.lines.info(line));
      this.show();
    }
  }
}

interface LiveEvents {
  changed(): void;
  ended(progress: LiveProgress, outcome: { readonly ok: boolean; readonly text: string }): void;
}

class LiveProgress implements Progress {
  private readonly task: ProgressTask;
  private readonly events: LiveEvents;
  private readonly began = performance.now();
  private readonly curve: number[] = [];
  private completed = 0;
  private values: Readonly<Record<string, Json>> = {};

  constructor(task: ProgressTask, events: LiveEvents) {
    this.task = task;
    this.events = events;
  }

  update(completed: number, values?: Readonly<Record<string, Json>>): void {
    this.completed = completed;
    if (values !== undefined) {
      this.values = values;
      const drawn = CURVES.map((name) => values[name]).find((value) => typeof value === 'number');
      if (typeof drawn === 'number') this.curve.push(drawn);
    }
    this.events.changed();
  }

  done(message?: string): void {
    const text = `${this.task.title}${message === undefined ? '' : `: ${message}`} (${formatDuration(this.elapsed())})`;
    this.events.ended(this, { ok: true, text });
  }

  fail(message?: string): void {
    this.events.ended(this, { ok: false, text: `${this.task.title}: ${message ?? 'failed'}` });
  }

  /** "Training  3/20 epochs  loss 0.31 ▇▅▃▂  accuracy 0.9  4/s  5 s left" */
  text(): string {
    if (this.completed === 0) return this.task.title;
    const state: ProgressState = {
      task: this.task,
      completed: this.completed,
      values: this.values,
      elapsed: this.elapsed(),
    };
    const curve = this.curve.length > 1 ? sparkline(this.curve) : '';
    const parts = [
      completedText(state),
      valuesText(this.values),
      curve,
      rateText(state),
      remainingText(state),
    ];
    return [this.task.title, ...parts.filter((part) => part !== '')].join('  ');
  }

  private elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }
}
