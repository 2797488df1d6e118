import type { JsonObject } from '../core/json.js';
import type { ArgumentSpec, CommandContext, OptionSpec, Style } from './command.js';

/** A command definition whose option types are not known here: what main, help and docs work with. */
export interface AnyCommand {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  run(
    args: readonly string[],
    options: Readonly<Record<string, unknown>>,
    context: CommandContext,
  ): Promise<JsonObject | null>;
  render(result: JsonObject, style: Style): string;
  quiet(result: JsonObject): string;
  verdict?(result: JsonObject): { readonly exitCode: number; readonly message: string } | undefined;
}

/** What `aimaas --help` needs to know of a command without loading it. */
export interface CommandEntry {
  /** The verb, or "runs list" for a verb with sub-verbs. */
  readonly name: string;
  /** The same text as the definition's; a test holds the two equal. */
  readonly summary: string;
  /** The heading of `aimaas --help` it stands under. */
  readonly group: string;
  /** Does not read aimaas.yaml, so that it works beside a broken one. */
  readonly ignoresConfig?: true;
  load(): Promise<AnyCommand>;
}

/** Entries a bare group word stands for: `aimaas runs` is `aimaas runs list`. */
export const DEFAULT_SUB_VERB = 'list';
