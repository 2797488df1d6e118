import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { OptionSpec } from './command.js';
import { formProblem } from './text-form.js';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const DURATION = /^(\d+(?:\.\d+)?)\s*([smhdw]?)$/;

/** As a JSON Schema pattern. */
export const DURATION_PATTERN = '^\\d+(\\.\\d+)?\\s*[smhdw]?$';

/** The setting in the words an error uses for it: "--epochs", "AIMAAS_TRAIN_EPOCHS", "train.epochs in aimaas.yaml". */
export type SettingName = string;

function bad(setting: SettingName, expected: string, received: string): AimaasError {
  return new AimaasError('USAGE', `${setting} must be ${expected}, but it is "${received}".`, {
    details: { setting, expected, received },
  });
}

/** "a whole number from 1 to 10", "a number of at least 0 or "auto"", … */
export function expectation(spec: OptionSpec): string {
  const { minimum, maximum, keyword } = spec;
  const noun = {
    integer: 'a whole number',
    number: 'a number',
    duration: 'a duration such as 90s, 10m, 2h or 7d',
    boolean: 'true or false',
    string: spec.form?.expected ?? 'text',
  }[spec.type];
  const unit = spec.type === 'duration' ? ' s' : '';
  let range = '';
  if (minimum !== undefined && maximum !== undefined) range = ` from ${minimum} to ${maximum}`;
  else if (minimum !== undefined) range = ` of at least ${minimum}${unit}`;
  else if (maximum !== undefined) range = ` of at most ${maximum}`;
  return `${noun}${range}${keyword === undefined ? '' : ` or "${keyword}"`}`;
}

function numberFrom(spec: OptionSpec, text: string): number | undefined {
  const trimmed = text.trim();
  let value: number;
  if (spec.type === 'duration') {
    const match = DURATION.exec(trimmed);
    if (match === null) return undefined;
    value = Number(match[1]) * (SECONDS[match[2] === '' ? 's' : (match[2] ?? 's')] ?? 1);
  } else {
    if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
    value = Number(trimmed);
    if (spec.type === 'integer' && !Number.isSafeInteger(value)) return undefined;
  }
  if (!Number.isFinite(value)) return undefined;
  if (spec.minimum !== undefined && value < spec.minimum) return undefined;
  if (spec.maximum !== undefined && value > spec.maximum) return undefined;
  return value;
}

function booleanFrom(text: string): boolean | undefined {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  if (/^(false|0|no|off)$/i.test(text)) return false;
  return undefined;
}

/**
 * One value of an option from its text.
 * @throws AimaasError USAGE that names the setting, what it must be, and the value received.
 */
export function valueFrom(spec: OptionSpec, text: string, setting: SettingName): string | number | boolean {
  switch (spec.type) {
    case 'boolean': {
      const value = booleanFrom(text);
      if (value === undefined) throw bad(setting, expectation(spec), text);
      return value;
    }
    case 'string': {
      if (spec.choices !== undefined && !spec.choices.includes(text)) {
        throw new AimaasError('USAGE', `${setting} cannot be "${text}". ${didYouMean(text, spec.choices)}`, {
          hint: `The choices are: ${spec.choices.join(', ')}.`,
          details: { setting, received: text, choices: [...spec.choices] },
        });
      }
      const problem = spec.form === undefined ? undefined : formProblem(spec.form, text);
      if (problem !== undefined) {
        const repeated = repeatedOption(spec, text, setting);
        if (repeated !== undefined) {
          throw new AimaasError('USAGE', `${setting} takes one value each time, but it is "${text}".`, {
            hint: `Repeat the option: ${repeated}`,
            details: { setting, received: text, expected: expectation(spec) },
          });
        }
        throw new AimaasError('USAGE', `${setting} cannot be "${text}". ${problem}`, {
          hint: problem.includes(expectation(spec)) ? undefined : `Expected: ${expectation(spec)}.`,
          details: { setting, received: text, expected: expectation(spec) },
        });
      }
      return text;
    }
    case 'integer':
    case 'number':
    case 'duration': {
      if (spec.keyword !== undefined && text === spec.keyword) return text;
      const value = numberFrom(spec, text);
      if (value === undefined) throw bad(setting, expectation(spec), text);
      return value;
    }
  }
}

/** How several values that were given with commas, each of them right, are written instead. */
function repeatedOption(spec: OptionSpec, text: string, setting: SettingName): string | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (spec.type !== 'string' || spec.form === undefined || spec.repeatable !== true) return undefined;
  const { form } = spec;
  if (!setting.startsWith('--') || parts.length < 2) return undefined;
  if (parts.some((part) => formProblem(form, part) !== undefined)) return undefined;
  return parts.map((part) => `${setting} ${part}`).join(' ');
}

/** The values in one text of a repeatable option: with choices, a comma separates them (--format onnx,tfjs). */
export function splitList(spec: OptionSpec, text: string): string[] {
  if (spec.choices === undefined) return [text];
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
