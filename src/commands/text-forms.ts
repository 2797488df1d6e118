import type { TextForm } from '../cli/text-form.js';
import { ENCODING_NAMES, knownEncoding } from '../core/encodings.js';
import { METRIC_NAMES } from '../core/metric-names.js';
import { MODEL_NAME } from '../core/name-patterns.js';
import { COLUMN_KINDS } from '../core/table.js';
import { ACTIVATION_NAMES, ENGINE_NAMES, FAMILY_NAMES, MODEL_FILE_ENDINGS } from '../core/training-names.js';

/** "a, b or c" */
function either(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function wordForm(words: readonly string[]): TextForm {
  return { words, expected: either(words) };
}

/** [COL=]HOW with these words for HOW: for all columns, a kind of column, or a column. */
export function columnForm(words: readonly string[]): TextForm {
  return {
    name: { optional: true },
    words,
    expected: `${either(words)}, or KIND=… or COLUMN=… with one of them`,
  };
}

export const METRIC: TextForm = wordForm(METRIC_NAMES);
export const ENGINE: TextForm = wordForm(['auto', ...ENGINE_NAMES]);
export const ACTIVATION: TextForm = wordForm(ACTIVATION_NAMES);

const ENDINGS = MODEL_FILE_ENDINGS.map((ending) => `.+\\${ending}`).join('|');
const FAMILIES = ['auto', ...FAMILY_NAMES];

/** A family of models, or the path of a file that holds one. */
export const FAMILY_OR_FILE: TextForm = {
  words: FAMILIES,
  pattern: `.*[\\\\\\/].*|${ENDINGS}`,
  expected: `${FAMILIES.join(', ')}, or a file: ./my-model.js, model.json`,
};

export const UNITS: TextForm = {
  commas: true,
  number: { integer: true, minimum: 1 },
  expected: 'units of the hidden layers, such as 128,64',
};

export const NAME_AND_VALUE: TextForm = { name: {}, pattern: '.*', expected: 'NAME=VALUE' };

export const KIND_OF_COLUMN: TextForm = {
  name: {},
  words: COLUMN_KINDS,
  expected: `COLUMN=KIND, where KIND is ${either(COLUMN_KINDS)}`,
};

export const DELIMITER: TextForm = {
  words: ['tab', '\\t', 'comma', 'semicolon', 'pipe', 'space', 'whitespace'],
  pattern: '[^"\\r\\n\\0]',
  expected: 'one character, "tab" or "whitespace"',
};

export const ENCODING: TextForm = {
  words: ENCODING_NAMES,
  anyCase: true,
  takes: (name) => knownEncoding(name) !== undefined,
  expected: `an encoding such as ${either(ENCODING_NAMES)}`,
};

export const NAME_OF_MODEL: TextForm = {
  pattern: MODEL_NAME,
  expected: 'a letter, digit or "_", then at most 99 letters, digits, ".", "_" or "-"',
};

export const ALIAS: TextForm = {
  pattern: `(?![vV]?\\d+$)(?![lL][aA][tT][eE][sS][tT]$)${MODEL_NAME}`,
  expected: 'a word such as champion, that is not a version number and not "latest"',
};

const A_VERSION = '.+[\\/@][^\\/@]+';

export const VERSION: TextForm = {
  pattern: A_VERSION,
  expected: 'a version of a model: penguins/4, penguins@next',
};

export const VERSION_AND_PART: TextForm = {
  name: {},
  number: { minimum: 0, maximum: 1 },
  pattern: '(?:100(?:\\.0+)?|\\d{1,2}(?:\\.\\d+)?)%',
  expected: 'a version and its part of the requests, a percentage or a number from 0 to 1: penguins/4=10%',
};

export const HEADER: TextForm = {
  pattern: "[\\w!#$%&'*+.^`|~\\-]+",
  expected: 'the name of a header, such as X-User',
};

export const ORIGIN: TextForm = {
  pattern: '\\*|null|[A-Za-z][A-Za-z0-9+.\\-]*:\\/\\/[^\\/\\s]+\\/?',
  expected: 'an origin such as https://app.example.com, or *',
};

export const SERVER: TextForm = {
  pattern: '[hH][tT][tT][pP][sS]?:\\/\\/\\S+',
  expected: 'an address such as http://127.0.0.1:8080',
};
