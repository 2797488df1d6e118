import { describe, expect, test } from 'vitest';
import { resolveSettings } from '../../../src/cli/settings.js';
import type { JsonObject } from '../../../src/core/json.js';
import type { Configurable, OptionValue } from '../../../src/cli/command.js';

const command: Configurable = {
  name: 'collect',
  arguments: [{ name: 'SOURCE', description: 'files', required: true, variadic: true }],
  options: {
    epochs: { type: 'integer', minimum: 1, description: '' },
    batchSize: { type: 'integer', description: '' },
    learningRate: { type: 'number', description: '', keyword: 'auto' },
    time: { type: 'duration', description: '' },
    type: {
      type: 'string',
      repeatable: true,
      form: { name: {}, pattern: '.+', expected: '' },
      description: '',
    },
    drop: { type: 'string', repeatable: true, placeholder: 'COL', description: '' },
    format: { type: 'string', repeatable: true, choices: ['a', 'b'], description: '' },
    header: { type: 'boolean', description: '' },
    split: { type: 'string', form: { commas: true, number: {}, expected: '' }, description: '' },
    resume: { type: 'string', description: '', commandLineOnly: true },
  },
};

function resolve(given: {
  args?: string[];
  options?: Record<string, OptionValue>;
  env?: Record<string, string>;
  file?: JsonObject;
}): ReturnType<typeof resolveSettings> {
  const config = { path: 'aimaas.yaml', values: given.file === undefined ? {} : { collect: given.file } };
  return resolveSettings(
    command,
    { args: given.args ?? [], options: given.options ?? {} },
    given.env ?? {},
    config,
  );
}

describe('precedence', () => {
  test('command line before environment before file', () => {
    const { options } = resolve({
      options: { epochs: 1 },
      env: { AIMAAS_COLLECT_EPOCHS: '2', AIMAAS_COLLECT_BATCH_SIZE: '20' },
      file: { epochs: 3, batch_size: 30, learning_rate: 'auto' },
    });
    expect(options).toEqual({ epochs: 1, batchSize: 20, learningRate: 'auto' });
  });

  test('a false on the command line beats a true in the file', () => {
    expect(resolve({ options: { header: false }, file: { header: true } }).options).toEqual({
      header: false,
    });
  });

  test('arguments of the command line replace those of the file', () => {
    expect(resolve({ file: { sources: ['a.csv', 'b.csv'] } }).args).toEqual(['a.csv', 'b.csv']);
    expect(resolve({ file: { sources: 'a.csv' } }).args).toEqual(['a.csv']);
    expect(resolve({ args: ['c.csv'], file: { sources: ['a.csv', 'b.csv'] } }).args).toEqual(['c.csv']);
  });
});

describe('values', () => {
  test('what is separated by commas on the command line may be a list in the file', () => {
    expect(resolve({ file: { split: [0.7, 0.15, 0.15] } }).options).toEqual({ split: '0.7,0.15,0.15' });
    expect(resolve({ file: { split: '0.7,0.15,0.15' } }).options).toEqual({ split: '0.7,0.15,0.15' });
    expect(resolve({ file: { split: 0.7 } }).options).toEqual({ split: '0.7' });
  });

  test('lists, mappings, durations and commas', () => {
    const file = { type: { zip: 'category', 'a b': 'text' }, drop: 2019, format: 'a,b', time: '2m' };
    expect(resolve({ file }).options).toEqual({
      type: ['zip=category', 'a b=text'],
      drop: ['2019'],
      format: ['a', 'b'],
      time: 120,
    });
    expect(resolve({ env: { AIMAAS_COLLECT_DROP: 'a, b' } }).options).toEqual({ drop: ['a', 'b'] });
    expect(resolve({ env: { AIMAAS_COLLECT_DROP: '["a,b","c"]' } }).options).toEqual({ drop: ['a,b', 'c'] });
  });

  test('a null in the file, an empty variable and options of one invocation are not set', () => {
    const given = { file: { epochs: null }, env: { AIMAAS_COLLECT_EPOCHS: '', AIMAAS_COLLECT_RESUME: 'x' } };
    expect(resolve(given).options).toEqual({});
  });

  test('a bad value names where it was set', () => {
    expect(() => resolve({ env: { AIMAAS_COLLECT_EPOCHS: 'many' } })).toThrow(
      'AIMAAS_COLLECT_EPOCHS must be a whole number of at least 1, but it is "many".',
    );
    expect(() => resolve({ env: { AIMAAS_COLLECT_DROP: '["a"' } })).toThrow(
      'AIMAAS_COLLECT_DROP looks like a JSON list',
    );
  });
});
