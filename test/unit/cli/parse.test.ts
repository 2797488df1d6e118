import { describe, expect, test } from 'vitest';
import { defineCommand } from '../../../src/cli/command.js';
import { checkArguments, parseArguments } from '../../../src/cli/parse.js';
import { AimaasError } from '../../../src/core/errors.js';

const command = defineCommand({
  name: 'sample',
  summary: 'a command to test with',
  examples: [{ command: 'aimaas sample', does: 'nothing' }],
  arguments: [
    { name: 'FILE', description: 'The file to read.', required: true },
    { name: 'OTHER', description: 'Another' },
  ],
  options: {
    epochs: { type: 'integer', minimum: 1, maximum: 100, description: 'number of epochs' },
    learningRate: { type: 'number', minimum: 0, keyword: 'auto', description: 'rate' },
    time: { type: 'duration', description: 'time' },
    drop: { type: 'string', repeatable: true, placeholder: 'COL', description: 'columns' },
    format: {
      type: 'string',
      repeatable: true,
      choices: ['onnx', 'tfjs', 'saved-model'],
      description: 'formats',
    },
    optimizer: { type: 'string', choices: ['sgd', 'adam'], description: 'optimizer', short: 'o' },
    resume: { type: 'string', bareValue: 'latest', description: 'run' },
    force: { type: 'boolean', description: 'force' },
  },
  run: () => Promise.resolve(null),
  render: () => '',
  quiet: () => '',
});

const parse = (...argv: string[]): ReturnType<typeof parseArguments> => parseArguments(command, argv);

function failure(...argv: string[]): AimaasError {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof AimaasError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was accepted`);
}

describe('option values', () => {
  test.each([
    [['--epochs', '7'], { epochs: 7 }],
    [['--epochs=7'], { epochs: 7 }],
    [['--learning-rate', 'auto'], { learningRate: 'auto' }],
    [['--learning-rate', '1e-3'], { learningRate: 0.001 }],
    [['--learning-rate', '.5'], { learningRate: 0.5 }],
    [['--time', '90s'], { time: 90 }],
    [['--time', '1.5h'], { time: 5400 }],
    [['--time', '10m'], { time: 600 }],
    [['--time', '7d'], { time: 604_800 }],
    [['--time', '45'], { time: 45 }],
    [['--drop', 'a,b', '--drop', 'c=d'], { drop: ['a,b', 'c=d'] }],
    [['--format', 'onnx,tfjs', '--format', 'saved-model'], { format: ['onnx', 'tfjs', 'saved-model'] }],
    [['-o', 'adam'], { optimizer: 'adam' }],
    [['--resume'], { resume: 'latest' }],
    [['--resume', '3fa2'], { resume: '3fa2' }],
    [['--force'], { force: true }],
    [['--no-force'], { force: false }],
    [['--drop', '价格 (元)'], { drop: ['价格 (元)'] }],
    [['--drop', ''], { drop: [''] }],
    [[], {}],
  ])('%j', (argv, expected) => {
    expect(parse(...argv).options).toEqual(expected);
  });

  test('global options may stand among the others', () => {
    const { globals, options, args } = parse('in.csv', '--json', '--epochs', '3', '-q', '--workspace', 'w');
    expect(options).toEqual({ epochs: 3 });
    expect(args).toEqual(['in.csv']);
    expect(globals).toMatchObject({
      json: true,
      quiet: true,
      workspace: 'w',
      verbose: false,
      noColor: false,
    });
  });

  test('--no-color, and what follows -- is an argument', () => {
    expect(parse('--no-color').globals.noColor).toBe(true);
    expect(parse('--', '--epochs', '-').args).toEqual(['--epochs', '-']);
  });
});

describe('mistakes', () => {
  test.each([
    [['--epochs', '0'], '--epochs must be a whole number from 1 to 100, but it is "0".'],
    [['--epochs', '2.5'], '--epochs must be a whole number from 1 to 100, but it is "2.5".'],
    [['--epochs', '1e999'], '--epochs must be a whole number from 1 to 100, but it is "1e999".'],
    [['--epochs', ''], '--epochs must be a whole number from 1 to 100, but it is "".'],
    [
      ['--learning-rate', 'fast'],
      '--learning-rate must be a number of at least 0 or "auto", but it is "fast".',
    ],
    [
      ['--learning-rate', 'NaN'],
      '--learning-rate must be a number of at least 0 or "auto", but it is "NaN".',
    ],
    [
      ['--learning-rate', '0x10'],
      '--learning-rate must be a number of at least 0 or "auto", but it is "0x10".',
    ],
    [['--time', 'soon'], '--time must be a duration such as 90s, 10m, 2h or 7d, but it is "soon".'],
    [['--optimizer', 'adm'], '--optimizer cannot be "adm". Did you mean "adam"?'],
    [['--format', 'onnx,tfsj'], '--format cannot be "tfsj". Did you mean "tfjs"?'],
    [['--epoch', '3'], '"aimaas sample" has no option --epoch. Did you mean "--epochs"?'],
    [['--learnign-rate=3'], '"aimaas sample" has no option --learnign-rate. Did you mean "--learning-rate"?'],
    [['--jsn'], '"aimaas sample" has no option --jsn. Did you mean "--json"?'],
    [['--epochs'], '--epochs needs a value: --epochs <VALUE>.'],
  ])('%j', (argv, message) => {
    const error = failure(...argv);
    expect(error.message).toBe(message);
    expect(error.exitCode).toBe(2);
  });

  test('a missing and a surplus argument', () => {
    expect(() => checkArguments(command, [])).toThrow('"aimaas sample" needs FILE: the file to read.');
    expect(() => checkArguments(command, ['a', 'b', 'c'])).toThrow('at most 2 arguments; "c" is too many.');
    expect(() => checkArguments(command, ['a'])).not.toThrow();
  });
});
