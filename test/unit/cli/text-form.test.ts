import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { OptionSpec } from '../../../src/cli/command.js';
import { configSchema } from '../../../src/cli/config-schema.js';
import { formSchema } from '../../../src/cli/form-schema.js';
import { sectionOf, settingOf } from '../../../src/cli/names.js';
import { formProblem, type TextForm } from '../../../src/cli/text-form.js';
import { loadCommands } from '../../../src/commands/index.js';
import { ENCODING } from '../../../src/commands/text-forms.js';
import type { JsonObject } from '../../../src/core/json.js';
import { METRIC_NAMES } from '../../../src/core/metric-names.js';
import { ACTIVATION_NAMES } from '../../../src/core/training-names.js';
import { metrics } from '../../../src/metrics/index.js';
import { mlp } from '../../../src/models/mlp.js';
import { encodingLabel } from '../../../src/sources/text/encoding.js';
import { dialectOf } from '../../../src/sources/text/dialect.js';
import { AimaasError } from '../../../src/core/errors.js';
import fc from '../../helpers/property.js';

const commands = await loadCommands();

/** Every option of every command, with the name it has in aimaas.yaml. */
const settings = commands.flatMap((command) =>
  Object.entries<OptionSpec>(command.options)
    .filter(([, spec]) => spec.commandLineOnly !== true)
    .map(([key, spec]) => ({ section: sectionOf(command.name), setting: settingOf(key), spec })),
);
const formed = settings.flatMap(({ section, setting, spec }) =>
  spec.form === undefined ? [] : [{ name: `${section}.${setting}`, form: spec.form }],
);

function formOf(name: string): TextForm {
  const found = formed.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} has no form`);
  return found.form;
}

describe('a text is held against its form', () => {
  test.each([
    ['preprocess.scale', 'robust'],
    ['preprocess.scale', 'number=robust'],
    ['preprocess.scale', 'a=b=robust'],
    ['preprocess.impute', 'constant:a=b'],
    ['preprocess.impute', 'income=constant:0'],
    ['preprocess.min_frequency', 'city=0.01'],
    ['preprocess.split', '70, 15, 15'],
    ['train.layers', '64'],
    ['train.layers', '64, 32'],
    ['train.model', './a.txt'],
    ['train.model', 'model.json'],
    ['evaluate.fail_under', 'accuracy = .9'],
    ['evaluate.fail_under', 'r2=-1e-3'],
    ['collect.type', 'a=b=category'],
    ['collect.delimiter', ' '],
    ['collect.delimiter', '='],
    ['collect.encoding', 'UTF-8'],
    ['collect.encoding', 'shift_jis'],
    ['collect.delimiter', 'whitespace'],
    ['export.name', '价格-2024'],
    ['serve.canary', 'penguins/4=10%'],
    ['serve.canary', 'penguins@next=0.5'],
    ['serve.cors_origin', 'http://localhost:3000'],
  ])('%s: %j is right', (name, text) => {
    expect(formProblem(formOf(name), text)).toBeUndefined();
  });

  test.each([
    ['preprocess.scale', 'robst', 'Did you mean "robust"?'],
    ['preprocess.scale', 'age=robst', '"robst" is none of its values. Did you mean "robust"?'],
    ['preprocess.impute', 'zero', 'Expected auto, most_frequent, constant:VALUE, drop, and for numbers'],
    ['preprocess.text_words', '0', 'Expected a whole number from 1 to 10000.'],
    ['preprocess.min_frequency', 'city=-1', '"-1" is none of its values. Expected a number of rows'],
    ['preprocess.split', '0.7,0.3', 'Expected three shares, such as 0.7,0.15,0.15.'],
    ['train.layers', '64,x', 'Expected units of the hidden layers'],
    ['train.model', 'mpl', 'Did you mean "mlp"?'],
    ['train.engine', 'tensorflw', 'Did you mean "tensorflow"?'],
    ['train.activation', 'rleu', 'Did you mean "relu"?'],
    ['evaluate.fail_under', 'foo', 'Expected METRIC=NUMBER'],
    ['evaluate.fail_under', 'acuracy=0.9', 'There is no metric "acuracy". Did you mean "accuracy"?'],
    ['evaluate.fail_under', 'accuracy=high', '"high" is none of its values. Expected METRIC=NUMBER'],
    ['monitor.fail_over', 'pis=0.2', 'There is no measure "pis". Did you mean "psi"?'],
    ['collect.type', 'zip', 'Expected COLUMN=KIND'],
    ['collect.type', 'zip=catgory', '"catgory" is none of its values. Did you mean "category"?'],
    ['collect.delimiter', ';;', 'Expected one character, "tab" or "whitespace".'],
    ['collect.encoding', 'utf-9', 'Did you mean "utf-8"?'],
    ['optimize.metric', 'rocauc', 'Did you mean "roc_auc"?'],
    ['export.name', '../x', 'Expected a letter, digit or "_"'],
    ['export.alias', 'latest', 'Expected a word such as champion'],
    ['export.alias', 'v3', 'Expected a word such as champion'],
    ['serve.canary', 'penguins/4=110%', 'is none of its values. Expected a version and its part'],
    ['serve.shadow', 'penguins', 'Expected a version of a model'],
  ])('%s: %j is wrong', (name, text, problem) => {
    expect(formProblem(formOf(name), text)).toContain(problem);
  });
});

/** Texts near to what a form takes: its words, others of the same letters, numbers, with names before them or without. */
function texts(form: TextForm): fc.Arbitrary<string> {
  const words = [...(form.words ?? []), ...(form.name?.of ?? []), 'constant:1', 'penguins/4', '10%', 'a.js'];
  const value = fc.oneof(
    fc.constantFrom(...words),
    fc
      .constantFrom(...words)
      .chain((word) => fc.nat(word.length).map((at) => word.slice(0, at) + word.slice(at + 1))),
    fc.integer({ min: -10, max: 200 }).map(String),
    fc.double({ noNaN: true }).map(String),
    fc.string({ maxLength: 6 }),
  );
  const name = fc.oneof(
    fc.constantFrom('number', 'a=b', ...(form.name?.of ?? [])),
    fc.string({ minLength: 1, maxLength: 4 }),
  );
  return fc.oneof(
    value,
    fc.tuple(name, value).map(([left, right]) => `${left}=${right}`),
    fc.array(value, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(',')),
  );
}

test.each(formed)(
  'the schema of $name takes every text that the option takes, and where words say it, no other',
  ({ form }) => {
    const validate = new Ajv({ strict: false }).compile(formSchema(form));
    fc.assert(
      fc.property(texts(form), (text) => {
        const isRight = formProblem(form, text) === undefined;
        if (isRight || (form.number === undefined && form.takes === undefined))
          expect({ text, valid: validate(text) }).toEqual({ text, valid: isRight });
      }),
      { numRuns: 300 },
    );
  },
);

/** All lists of words, and all names that a mapping may have, in a schema. */
function offered(schema: JsonObject): string[] {
  const text: string[] = [];
  JSON.stringify(schema, (key, value: unknown) => {
    if (key === 'enum') text.push(...(value as string[]));
    if (key === 'properties') text.push(...Object.keys(value as object));
    return value;
  });
  return text;
}

test('editors are offered the words of every setting', () => {
  const schema = configSchema(commands)['properties'] as Record<string, JsonObject>;
  const withWords = settings.filter(
    ({ spec }) => (spec.choices ?? spec.form?.words ?? spec.form?.name?.of) !== undefined,
  );
  expect(withWords.length).toBeGreaterThan(25);
  for (const { section, setting, spec } of withWords) {
    const property = (schema[section]?.['properties'] as Record<string, JsonObject>)[setting];
    const words = [...(spec.choices ?? []), ...(spec.form?.words ?? []), ...(spec.form?.name?.of ?? [])];
    expect(offered(property as JsonObject), `${section}.${setting}`).toEqual(expect.arrayContaining(words));
  }
});

describe('the lists of words are those of the parts that take them', () => {
  test('metrics, in their order', () => {
    expect(metrics().map(({ name }) => name)).toEqual(METRIC_NAMES);
  });

  test('activations', () => {
    expect((mlp.parameters['activation'] as { choices: readonly string[] }).choices).toEqual(
      ACTIVATION_NAMES,
    );
  });

  test('encodings', () => {
    for (const name of ENCODING.words ?? []) expect(encodingLabel(name)).toMatch(/^(utf|windows)/);
    const unknown = (): string => encodingLabel('none of these');
    expect(unknown).toThrow(AimaasError);
    expect(unknown).toThrow(`Known: ${(ENCODING.words ?? []).join(', ')}.`);
  });

  test('delimiters', () => {
    for (const name of formOf('collect.delimiter').words ?? [])
      expect(dialectOf(name).delimiter).toHaveLength(1);
  });
});
