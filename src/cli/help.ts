import type { ArgumentSpec, OptionSpec, Style } from './command.js';
import { GLOBAL_OPTIONS } from './globals.js';
import { flagOf } from './names.js';
import type { AnyCommand, CommandEntry } from './registry.js';
import { displayWidth, wrap } from './width.js';

const INDENT = '  ';

/** Rows of a term and its description, the descriptions in one column, wrapped. */
function definitionList(
  rows: readonly (readonly [string, string])[],
  style: Style,
  column?: number,
): string[] {
  const terms = column ?? Math.min(30, Math.max(...rows.map(([term]) => displayWidth(term))));
  const room = Math.max(30, Math.min(style.width, 110) - INDENT.length - terms - 2);
  return rows.flatMap(([term, text]) => {
    const [first = '', ...more] = wrap(text, room);
    const space = ' '.repeat(INDENT.length + terms + 2);
    const width = displayWidth(term);
    const head = `${INDENT}${style.cyan(term)}`;
    const lines =
      width > terms
        ? [head, `${space}${first}`]
        : [`${head}${' '.repeat(terms - width + 2)}${first}`.trimEnd()];
    return [...lines, ...more.map((line) => `${space}${line}`)];
  });
}

function section(title: string, lines: readonly string[], style: Style): string {
  return [style.bold(title), ...lines].join('\n');
}

/** "-q, --quiet", "--target COL", "--drop COL..." */
export function optionTerm(key: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const name = `${spec.placeholder ?? 'VALUE'}${spec.repeatable === true ? '...' : ''}`;
  const value = spec.type === 'boolean' ? '' : spec.bareValue === undefined ? ` ${name}` : ` [${name}]`;
  return `${short}${flagOf(key)}${value}`;
}

/** The description with range, choices and default. */
export function optionText(spec: OptionSpec): string {
  const notes: string[] = [];
  if (spec.choices !== undefined) notes.push(spec.choices.join(', '));
  const { minimum, maximum } = spec;
  if (minimum !== undefined && maximum !== undefined) notes.push(`${minimum} to ${maximum}`);
  else if (spec.type === 'duration') {
    if (minimum !== undefined && minimum > 0) notes.push(`at least ${minimum} s`);
  } else if (minimum !== undefined) notes.push(`at least ${minimum}`);
  else if (maximum !== undefined) notes.push(`at most ${maximum}`);
  if (spec.keyword !== undefined) notes.push(`or "${spec.keyword}"`);
  if (spec.repeatable === true) notes.push('repeatable');
  if (spec.defaultText !== undefined) notes.push(`default: ${spec.defaultText}`);
  const text = sentence(spec.description);
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`;
}

/** With a capital first letter, as all lines of the help begin. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Options under their headings, in the order of the table; those without a group come first. */
export function groupOptions(
  options: Readonly<Record<string, OptionSpec>>,
): ReadonlyMap<string, readonly (readonly [string, OptionSpec])[]> {
  const groups = new Map<string, (readonly [string, OptionSpec])[]>([['Options', []]]);
  for (const [key, spec] of Object.entries(options)) {
    const name = spec.group ?? 'Options';
    groups.set(name, [...(groups.get(name) ?? []), [key, spec]]);
  }
  if (groups.get('Options')?.length === 0) groups.delete('Options');
  return groups;
}

/** The arguments in usage notation: "SOURCE...", "[MODEL] [FILE]". */
export function argumentUsage(spec: ArgumentSpec): string {
  const name = `${spec.name}${spec.variadic === true ? '...' : ''}`;
  return spec.required === true ? name : `[${name}]`;
}

/** "aimaas collect SOURCE... [options]" */
export function usageOf(command: AnyCommand): string {
  return ['aimaas', command.name, ...command.arguments.map(argumentUsage), '[options]'].join(' ');
}

/** The help of one command. */
export function commandHelp(command: AnyCommand, style: Style): string {
  const parts = [`${style.bold('Usage:')} ${usageOf(command)}`, `${sentence(command.summary)}.`];
  if (command.description !== undefined) {
    const paragraphs = command.description.trim().split(/\n\s*\n/);
    parts.push(...paragraphs.map((text) => wrap(text, Math.min(style.width, 100)).join('\n')));
  }
  if (command.arguments.length > 0) {
    const rows = command.arguments.map((spec) => [spec.name, sentence(spec.description)] as const);
    parts.push(section('Arguments', definitionList(rows, style), style));
  }
  const everything = Object.entries({ ...command.options, ...GLOBAL_OPTIONS }).filter(
    ([, spec]) => !isAdvanced(spec),
  );
  const column = Math.min(30, Math.max(...everything.map(([key, spec]) => optionTerm(key, spec).length)));
  let hidden = 0;
  for (const [name, options] of groupOptions(command.options)) {
    const shown = options.filter(([, spec]) => !isAdvanced(spec));
    hidden += options.length - shown.length;
    if (shown.length === 0) continue;
    const rows = shown.map(([key, spec]) => [optionTerm(key, spec), optionText(spec)] as const);
    parts.push(section(name, definitionList(rows, style, column), style));
  }
  const globals = Object.entries(GLOBAL_OPTIONS).map(
    ([key, spec]) => [optionTerm(key, spec), optionText(spec)] as const,
  );
  parts.push(section('Everywhere', definitionList(globals, style, column), style));
  const examples = command.examples.flatMap(({ command: line, does }) => [
    `${INDENT}${style.dim(`# ${does}`)}`,
    `${INDENT}${line}`,
  ]);
  parts.push(section('Examples', examples, style));
  if (hidden > 0)
    parts.push(
      style.dim(
        `${hidden === 1 ? 'One more option' : `${hidden} more options`} for special cases: see docs/cli.md.`,
      ),
    );
  return parts.join('\n\n');
}

function isAdvanced(spec: OptionSpec): boolean {
  return spec.advanced === true;
}

/** `aimaas --help`, or with `only` the help of a group of sub-verbs such as "runs". */
export function rootHelp(entries: readonly CommandEntry[], style: Style, only?: string): string {
  const shown = only === undefined ? entries : entries.filter((entry) => entry.name.startsWith(`${only} `));
  const groups = new Map<string, CommandEntry[]>();
  for (const entry of shown) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  const column = Math.max(...shown.map((entry) => entry.name.length));
  const parts =
    only === undefined
      ? [
          'aimaas: from your data to a served model, in one command line.',
          `${style.bold('Usage:')} aimaas COMMAND [options]`,
        ]
      : [`${style.bold('Usage:')} aimaas ${only} COMMAND [options]`];
  for (const [group, members] of groups) {
    const rows = members.map((entry) => [entry.name, sentence(entry.summary)] as const);
    parts.push(section(group, definitionList(rows, style, column), style));
  }
  const globals = Object.entries(GLOBAL_OPTIONS).map(
    ([key, spec]) => [optionTerm(key, spec), optionText(spec)] as const,
  );
  parts.push(
    section('Everywhere', definitionList([...globals, ['--version', 'Print the version']], style), style),
  );
  const help = only === undefined ? 'aimaas help COMMAND' : `aimaas help ${only} COMMAND`;
  parts.push(`${help} shows the options and examples of one command.`);
  if (only === undefined) {
    parts.push(
      section(
        'Start here',
        [
          `${INDENT}aimaas run data.csv --target price   ${style.dim('# from a file to an exported model')}`,
          `${INDENT}aimaas serve                         ${style.dim('# answer for it over HTTP')}`,
        ],
        style,
      ),
    );
  }
  return parts.join('\n\n');
}
