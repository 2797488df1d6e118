import { AimaasError } from '../core/errors.js';
import {
  ENCODINGS,
  type Encoding,
  IMPUTATIONS,
  type Imputation,
  INDICATORS,
  type Indicator,
  MOST_TEXT_WORDS,
  OUTLIERS,
  type Outliers,
  type Scale,
  SCALES,
} from '../core/feature-names.js';
import { didYouMean } from '../core/suggest.js';
import { COLUMN_KINDS, type ColumnKind, type ColumnSchema, type DataSchema } from '../core/table.js';

/** How one column is prepared. */
export type ColumnChoices = {
  readonly scale: Scale;
  readonly outliers: Outliers;
  readonly impute: Imputation;
  /** The value of `constant`, as text. */
  readonly fill: string | null;
  readonly indicator: Indicator;
  readonly encode: Encoding;
  /** Levels of a category with fewer rows become "other"; below 1 it is a fraction of the rows. */
  readonly minFrequency: number;
  /** Words that a text column is described by. */
  readonly words: number;
};

export const DEFAULT_CHOICES: ColumnChoices = {
  scale: 'standard',
  outliers: 'auto',
  impute: 'auto',
  fill: null,
  indicator: 'auto',
  encode: 'auto',
  minFrequency: 1,
  words: 500,
};

/** Column name → how it is prepared; a column that is not listed has the defaults. */
export type FeatureChoices = Readonly<Record<string, ColumnChoices>>;

/**
 * Settings as a user writes them: "standard" for every column that it applies to, "number=robust" for a kind,
 * "age=quantile" for a column. The narrower one wins, whatever their order.
 */
export type ChoiceSettings = {
  readonly scale?: readonly string[] | undefined;
  readonly outliers?: readonly string[] | undefined;
  readonly impute?: readonly string[] | undefined;
  readonly missingIndicator?: readonly string[] | undefined;
  readonly encode?: readonly string[] | undefined;
  readonly minFrequency?: readonly string[] | undefined;
  readonly textWords?: readonly string[] | undefined;
};

/** One family of settings: what it is called, which kinds it is for and what its text means. */
interface Setting {
  readonly flag: string;
  readonly kinds: readonly ColumnKind[];
  readonly expected: string;
  /** What a misspelt value may have been meant to be; none where values are not words. */
  readonly words: readonly string[];
  /** undefined for a value that is not allowed. */
  parse(text: string, kind: ColumnKind): Partial<ColumnChoices> | undefined;
}

function oneOf<T extends string>(
  choices: readonly T[],
  make: (value: T) => Partial<ColumnChoices>,
): Pick<Setting, 'expected' | 'words' | 'parse'> {
  const parse = (text: string): Partial<ColumnChoices> | undefined => {
    const value = choices.find((choice) => choice === text);
    return value === undefined ? undefined : make(value);
  };
  return { expected: choices.join(', '), words: choices, parse };
}

function parseImputation(text: string, kind: ColumnKind): Partial<ColumnChoices> | undefined {
  const impute = IMPUTATIONS.find((name) => name === text);
  if (impute === 'median' || impute === 'mean')
    return kind === 'number' || kind === 'date' ? { impute } : undefined;
  if (impute !== undefined && impute !== 'constant') return { impute };
  const fill = text.startsWith('constant:') ? text.slice('constant:'.length) : undefined;
  if (fill === undefined || !isCellOf(kind, fill)) return undefined;
  return { impute: 'constant', fill };
}

/** Whether a constant given by the user can be a cell of the kind. */
function isCellOf(kind: ColumnKind, text: string): boolean {
  if (kind === 'number') return text.trim() !== '' && Number.isFinite(Number(text));
  if (kind === 'boolean') return text === 'true' || text === 'false';
  if (kind === 'date') return Number.isFinite(Date.parse(text));
  return text !== '';
}

const SETTINGS: Readonly<Record<keyof ChoiceSettings, Setting>> = {
  scale: {
    flag: '--scale',
    kinds: ['number'],
    ...oneOf(SCALES, (scale) => ({ scale })),
  },
  outliers: {
    flag: '--outliers',
    kinds: ['number'],
    ...oneOf(OUTLIERS, (outliers) => ({ outliers })),
  },
  impute: {
    flag: '--impute',
    kinds: ['number', 'date', 'boolean', 'category'],
    expected: 'auto, most_frequent, constant:VALUE, drop, and for numbers and dates median or mean',
    words: IMPUTATIONS,
    parse: parseImputation,
  },
  missingIndicator: {
    flag: '--missing-indicator',
    kinds: ['number', 'date', 'boolean', 'text'],
    ...oneOf(INDICATORS, (indicator) => ({ indicator })),
  },
  encode: {
    flag: '--encode',
    kinds: ['category'],
    ...oneOf(ENCODINGS, (encode) => ({ encode })),
  },
  minFrequency: {
    flag: '--min-frequency',
    kinds: ['category'],
    expected: 'a number of rows, or a fraction of them below 1',
    words: [],
    parse: (text) => {
      const minFrequency = Number(text);
      return text.trim() !== '' && Number.isFinite(minFrequency) && minFrequency >= 0
        ? { minFrequency }
        : undefined;
    },
  },
  textWords: {
    flag: '--text-words',
    kinds: ['text'],
    expected: `a whole number from 1 to ${MOST_TEXT_WORDS}`,
    words: [],
    parse: (text) => {
      const words = Number(text);
      return Number.isInteger(words) && words >= 1 && words <= MOST_TEXT_WORDS ? { words } : undefined;
    },
  },
};

/** "age=standard" cut at the "=" that follows a known column or kind; a value alone is for everything. */
function scopeOf(text: string, schema: DataSchema): { scope: string | undefined; value: string } {
  for (let at = text.lastIndexOf('='); at > 0; at = text.lastIndexOf('=', at - 1)) {
    const scope = text.slice(0, at);
    const known = schema.columns.some((column) => column.name === scope) || isKind(scope);
    if (known) return { scope, value: text.slice(at + 1) };
  }
  return { scope: undefined, value: text };
}

function isKind(text: string): text is ColumnKind {
  return (COLUMN_KINDS as readonly string[]).includes(text);
}

function refuse(setting: Setting, text: string, why: string): AimaasError {
  return new AimaasError('USAGE', `${setting.flag} ${text}: ${why}`, {
    hint: `${setting.flag} VALUE, ${setting.flag} KIND=VALUE or ${setting.flag} COLUMN=VALUE, with VALUE: ${setting.expected}`,
    details: { option: setting.flag, value: text },
  });
}

function notOneOf({ words }: Setting, value: string): string {
  const guess = words.length === 0 ? '' : ` ${didYouMean(value, words)}`;
  return `"${value}" is not one of its values.${guess}`;
}

/** The columns a setting is meant for, and how narrowly: 0 everything, 1 a kind, 2 a column. */
function reached(
  setting: Setting,
  text: string,
  schema: DataSchema,
): { columns: readonly ColumnSchema[]; value: string; width: 0 | 1 | 2 } {
  const { scope, value } = scopeOf(text, schema);
  const suited = schema.columns.filter((column) => setting.kinds.includes(column.kind));
  if (scope === undefined) {
    const at = text.indexOf('=');
    if (at > 0) {
      const names = [...schema.columns.map((column) => column.name), ...setting.kinds];
      throw refuse(
        setting,
        text,
        `there is no column or kind "${text.slice(0, at)}". ${didYouMean(text.slice(0, at), names)}`,
      );
    }
    return { columns: suited, value, width: 0 };
  }
  const column = schema.columns.find((candidate) => candidate.name === scope);
  if (column === undefined) {
    if (!setting.kinds.includes(scope as ColumnKind))
      throw refuse(setting, text, `this is for columns of kind ${setting.kinds.join(', ')}, not ${scope}.`);
    return { columns: suited.filter(({ kind }) => kind === scope), value, width: 1 };
  }
  if (!setting.kinds.includes(column.kind)) {
    const why = `"${scope}" is a ${column.kind}; this is for columns of kind ${setting.kinds.join(', ')}.`;
    throw refuse(setting, text, why);
  }
  return { columns: [column], value, width: 2 };
}

/**
 * Settings as choices for every column of `schema`.
 * @throws AimaasError USAGE for an unknown column, a value that is not one, or one that does not suit the column's kind.
 */
export function resolveChoices(settings: ChoiceSettings, schema: DataSchema): FeatureChoices {
  const layers: Map<string, Partial<ColumnChoices>>[] = [0, 1, 2].map(
    () => new Map<string, Partial<ColumnChoices>>(),
  );
  for (const key of Object.keys(SETTINGS) as (keyof ChoiceSettings)[]) {
    const setting = SETTINGS[key];
    for (const text of settings[key] ?? []) {
      const { columns, value, width } = reached(setting, text, schema);
      const parsed = columns.map((column) => ({ column, choice: setting.parse(value, column.kind) }));
      // A value for everything may suit some kinds only (median, for numbers); it has to suit one.
      const unsuited = parsed.filter(({ choice }) => choice === undefined);
      const known = setting.kinds.some((kind) => setting.parse(value, kind) !== undefined);
      if (!known || (width > 0 && unsuited.length > 0)) throw refuse(setting, text, notOneOf(setting, value));
      for (const { column, choice } of parsed) {
        const layer = layers[width] as Map<string, Partial<ColumnChoices>>;
        if (choice !== undefined) layer.set(column.name, { ...layer.get(column.name), ...choice });
      }
    }
  }
  return Object.fromEntries(
    schema.columns.map(({ name }) => [
      name,
      Object.assign({}, DEFAULT_CHOICES, ...layers.map((layer) => layer.get(name))) as ColumnChoices,
    ]),
  );
}

export function choicesOf(choices: FeatureChoices, column: string): ColumnChoices {
  return Object.hasOwn(choices, column) ? (choices[column] as ColumnChoices) : DEFAULT_CHOICES;
}
