import type { Readable, Writable } from 'node:stream';
import type { JsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { TextForm } from './text-form.js';

/** How the text of an option becomes a value. `duration` takes 90s, 10m, 2h, 7d or seconds and gives seconds. */
type OptionType = 'string' | 'integer' | 'number' | 'boolean' | 'duration';

/**
 * One option of a command. The same table gives the parser, the help, docs/cli.md, the schema of aimaas.yaml and the
 * names of environment variables. The key in the table is the option's camelCase name: `batchSize` is --batch-size and
 * batch_size in aimaas.yaml.
 */
export interface OptionSpec {
  readonly type: OptionType;
  readonly description: string;
  /** What the help shows for the value: COL, N, FILE. Booleans have none. */
  readonly placeholder?: string;
  /** A single letter, without the dash. */
  readonly short?: string;
  /**
   * Given several times (and as a list in aimaas.yaml); the value is an array. With `choices`, commas separate too
   * (--format onnx,tfjs). With a form that has names (COL=KIND), aimaas.yaml also takes a mapping.
   */
  readonly repeatable?: true;
  readonly choices?: readonly string[];
  /** Of a text that is not free and not one of `choices` either, such as [COL=]HOW. */
  readonly form?: TextForm;
  readonly minimum?: number;
  readonly maximum?: number;
  /** A word accepted instead of a number, such as "auto". */
  readonly keyword?: string;
  /** The value when the option is given without one: `--resume` alone. */
  readonly bareValue?: string;
  /** Shown in the help; steps fill in their own defaults. */
  readonly defaultText?: string;
  /** May not be set in aimaas.yaml (it names one invocation, like --resume). */
  readonly commandLineOnly?: true;
  /** A heading in the help under which related options are gathered. */
  readonly group?: string;
  /** Left out of the help (still in docs/cli.md). */
  readonly advanced?: true;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly required?: boolean;
  readonly variadic?: boolean;
}

type ScalarOf<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'string'
    ? S['choices'] extends readonly (infer C extends string)[]
      ? C
      : string
    : number | (S['keyword'] extends string ? S['keyword'] : never);

/** The values of a table of options: arrays for repeatable ones, undefined where nothing was given. */
export type OptionValues<T extends Readonly<Record<string, OptionSpec>>> = {
  readonly [K in keyof T]:
    (T[K]['repeatable'] extends true ? readonly ScalarOf<T[K]>[] : ScalarOf<T[K]>) | undefined;
};

/** What a command is given besides its own arguments. */
export interface CommandContext extends StepContext {
  readonly stdin: Readable;
  /** The environment of the process. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Only for commands that stream their result (predict); all others return it. */
  readonly stdout: Writable;
  /** Only for commands that run on as a service and keep a log of their own; all others report. */
  readonly stderr: Writable;
  /** --json was given. */
  readonly json: boolean;
  /** -q was given. */
  readonly quiet: boolean;
  /** --yes was given, or there is a terminal to ask at and the answer was yes. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** What the environment and aimaas.yaml say for another command: how `run` and `status` know the settings of each. */
  readonly settingsOf: (command: Configurable) => Settings;
}

/** The part of a command definition that settings are looked up by. */
export interface Configurable {
  readonly name: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** Arguments and option values of a command, by camelCase key; options that nobody set are absent. */
export interface Settings {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** The value of an option of any type. */
export type OptionValue = string | number | boolean | readonly (string | number | boolean)[];

export interface CommandDefinition<T extends Readonly<Record<string, OptionSpec>>, R extends JsonObject> {
  /** The verb; "runs list" for a verb with sub-verbs. */
  readonly name: string;
  /** One line, no full stop: shown in `aimaas --help`. */
  readonly summary: string;
  /** A paragraph or two for the command's own help. */
  readonly description?: string;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: T;
  /** Does the work by calling one step. What it returns is what --json prints; null if the output was streamed. */
  run(args: readonly string[], options: OptionValues<T>, context: CommandContext): Promise<R | null>;
  /** The result for a person, with the next step suggested. Lines, no trailing newline. */
  render(result: R, style: Style): string;
  /** The bare value that -q prints for a shell: an id, a number, a path. */
  quiet(result: R): string;
  /** Exit code for a result that is right but not good enough (5), with what to say on stderr. Default: 0. */
  verdict?(result: R): { readonly exitCode: number; readonly message: string } | undefined;
}

/** Colours for `render`; all return their text unchanged where colour is off. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  cyan(text: string): string;
  /** Width of the terminal in characters (80 off a terminal). */
  readonly width: number;
  /** Aligned columns under bold headings; numbers to the right. */
  table(headings: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string;
}

/** A command whose option values are inferred from its table of options. */
export function defineCommand<const T extends Readonly<Record<string, OptionSpec>>, R extends JsonObject>(
  definition: CommandDefinition<T, R>,
): CommandDefinition<T, R> {
  return definition;
}
