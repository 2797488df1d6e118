import type { Configurable, OptionSpec } from './command.js';
import { hasSection, isMapping } from './config-schema.js';
import { optionText } from './help.js';
import { sectionOf, settingOf } from './names.js';
import { wrap } from './width.js';

/** A value to show for a setting: its default where that is a value, else the placeholder of the help. */
function sampleOf(spec: OptionSpec): string {
  const bare = spec.defaultText?.split(/[\s,;(]/, 1)[0] ?? '';
  const placeholder = spec.placeholder ?? 'VALUE';
  if (spec.type === 'boolean') return bare === 'true' || bare === 'on' ? 'true' : 'false';
  const words = spec.choices ?? spec.form?.words;
  if (isMapping(spec) && spec.form?.name?.optional !== true) return `{${placeholder.replace('=', ': ')}}`;
  if (words?.includes(bare) === true) return bare;
  if (words !== undefined) return words[0] ?? placeholder;
  const isNumber = spec.type !== 'string' && /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(bare);
  if (isNumber || (bare !== '' && bare === spec.keyword)) return bare;
  return spec.repeatable === true ? `[${placeholder}]` : placeholder;
}

/** The common settings of a command as comments that stand in its section. */
export function settingComments(command: Configurable, except: readonly string[] = []): string[] {
  const shown = Object.entries(command.options).filter(
    ([key, spec]) => spec.commandLineOnly !== true && spec.advanced !== true && !except.includes(key),
  );
  return shown.flatMap(([key, spec]) => [
    ...wrap(optionText(spec), 96).map((line) => `#   # ${line}`),
    `#   ${settingOf(key)}: ${sampleOf(spec)}`,
  ]);
}

/** Every common setting of the commands as commented YAML, for the reader to choose from. */
export function configReference(commands: readonly (Configurable & { readonly summary: string })[]): string {
  return commands
    .filter(hasSection)
    .map((command) => [`# ${sectionOf(command.name)}:   # ${command.summary}`, ...settingComments(command)])
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}
