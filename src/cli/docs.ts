import type { OptionSpec } from './command.js';
import { configurableArguments, argumentSetting, hasSection } from './config-schema.js';
import { GLOBAL_OPTIONS } from './globals.js';
import { groupOptions, optionTerm, optionText, sentence, usageOf } from './help.js';
import { markdownTable } from './markdown.js';
import { sectionOf, settingOf, variableOf } from './names.js';
import type { AnyCommand } from './registry.js';

function anchor(name: string): string {
  return `aimaas-${name.replaceAll(' ', '-')}`;
}

function optionRows(command: AnyCommand, options: readonly (readonly [string, OptionSpec])[]): string[][] {
  return options.map(([key, spec]) => {
    const setting = spec.commandLineOnly === true ? '' : `\`${settingOf(key)}\``;
    return [`\`${optionTerm(key, spec)}\``, optionText(spec), setting];
  });
}

function commandSection(command: AnyCommand): string {
  const parts = [
    `## aimaas ${command.name}`,
    `${sentence(command.summary)}.`,
    ...(command.description === undefined ? [] : [command.description.trim()]),
    `\`\`\`text\n${usageOf(command)}\n\`\`\``,
  ];
  if (command.arguments.length > 0) {
    const settings = new Set(configurableArguments(command));
    const rows = command.arguments.map((spec) => [
      `\`${spec.name}\``,
      sentence(spec.description),
      settings.has(spec) ? `\`${argumentSetting(spec)}\`` : '',
    ]);
    parts.push(markdownTable(['argument', 'meaning', 'setting'], rows));
  }
  for (const [group, options] of groupOptions(command.options)) {
    parts.push(
      markdownTable(
        [group === 'Options' ? 'option' : group.toLowerCase(), 'meaning', 'setting'],
        optionRows(command, options),
      ),
    );
  }
  const [firstKey] = Object.keys(command.options);
  if (hasSection(command) && firstKey !== undefined) {
    const sample =
      Object.entries(command.options).find(([, spec]) => spec.commandLineOnly !== true)?.[0] ?? firstKey;
    parts.push(
      `Settings stand under \`${sectionOf(command.name)}:\` in aimaas.yaml, or in variables such as \`${variableOf(command.name, sample)}\`.`,
    );
  }
  const examples = command.examples.map(({ command: line, does }) => `# ${does}\n${line}`);
  parts.push(`\`\`\`sh\n${examples.join('\n')}\n\`\`\``);
  return parts.join('\n\n');
}

/** docs/cli.md: every command with every option, made from the same tables as the parser and the help. */
export function commandReference(commands: readonly AnyCommand[]): string {
  const index = commands.map(
    (command) => `- [aimaas ${command.name}](#${anchor(command.name)}): ${sentence(command.summary)}`,
  );
  const globals = Object.entries(GLOBAL_OPTIONS).map(([key, spec]) => [
    `\`${optionTerm(key, spec)}\``,
    optionText(spec),
  ]);
  const parts = [
    '<!-- Made by scripts/docs.mjs from the definitions of the commands. Do not edit: npm run docs -->',
    '# The commands',
    index.join('\n'),
    '## Everywhere',
    markdownTable(['option', 'meaning'], globals),
    'Results go to stdout, everything else to stderr. With `--json` the result is one JSON document with a `schemaVersion`, and an error is one line of JSON on stderr; `-q` prints the bare value that a script wants. Exit codes and errors are in [errors.md](errors.md).',
    'A setting is looked for on the command line, then in the environment (`AIMAAS_TRAIN_EPOCHS=50`), then in `aimaas.yaml` of the current folder (or `--config FILE`). The file has one section a command, with the names of the settings given below; `aimaas init` writes one, and editors check it against the schema that comes with the package (`aimaas/schema.json`). Paths in it are relative to the current folder. Settings that take several values take a list; those like `COL=KIND` and `[COL=]HOW` a mapping, too. All its problems are told at once. In a variable, commas separate several values.',
    ...commands.map(commandSection),
  ];
  return `${parts.join('\n\n')}\n`;
}
