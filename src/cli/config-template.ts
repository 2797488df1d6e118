import type { Configurable, OptionSpec } from './command.js';
import { hasSection, isMapping } from './config-schema.js';
import { optionText } from './help.js';
import { sectionOf, settingOf } from './names.js';
import { wrap } from './width.js';

/** A value to show for a setting: its default where that is a value, else what kind of value it takes. */
function sampleOf(spec: OptionSpec): string {
  const bare = spec.defaultText?.split(/[\s,;(]/, 1)[0] ?? '';
  if (spec.type === 'boolean') return bare === 'true' || bare === 'on' ? 'true' : 'false';
  if (isMapping(spec)) return `{${(spec.placeholder ?? 'NAME=VALUE').replace('=', ': ')}}`;
  if (spec.choices !== undefined) return spec.choices.includes(bare) ? bare : (spec.choices[0] ?? '');
  if (spec.type !== 'string') {
    if (/^-?\d+(\.\d+)?(e-?\d+)?$/i.test(bare) || (bare !== '' && bare === spec.keyword)) return bare;
    return spec.keyword ?? String(spec.minimum ?? 1);
  }
  return spec.repeatable === true ? `[${spec.placeholder ?? 'TEXT'}]` : (spec.placeholder ?? 'TEXT');
}

function sectionText(command: Configurable & { readonly summary: string }): string {
  const lines = [`# ${sectionOf(command.name)}:   # ${command.summary}`];
  for (const [key, spec] of Object.entries(command.options)) {
    if (spec.commandLineOnly === true || spec.advanced === true) continue;
    lines.push(...wrap(optionText(spec), 96).map((line) => `#   # ${line}`));
    lines.push(`#   ${settingOf(key)}: ${sampleOf(spec)}`);
  }
  return lines.join('\n');
}

/** Every common setting of the commands as commented YAML, for the reader to choose from. */
export function configReference(commands: readonly (Configurable & { readonly summary: string })[]): string {
  return commands.filter(hasSection).map(sectionText).join('\n\n');
}
