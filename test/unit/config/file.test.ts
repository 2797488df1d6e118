import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configProblems } from '../../../src/cli/config-problems.js';
import { loadConfig } from '../../../src/config/file.js';
import type { ConfigProblem } from '../../../src/config/problems.js';
import { AimaasError } from '../../../src/core/errors.js';
import type { Json } from '../../../src/core/json.js';
import { temporaryFolder } from '../../helpers/cli.js';

const COMMANDS = [
  {
    name: 'collect',
    summary: 'collect',
    arguments: [{ name: 'SOURCE', description: 'sources', variadic: true }],
    options: {
      target: { type: 'string', description: 'target' },
      type: {
        type: 'string',
        repeatable: true,
        form: { name: {}, words: ['category', 'text'], expected: 'COL=KIND' },
        description: 'kinds',
      },
    },
  },
  {
    name: 'train',
    summary: 'train',
    arguments: [],
    options: {
      epochs: { type: 'integer', minimum: 1, description: 'epochs' },
      learningRate: { type: 'number', minimum: 0, keyword: 'auto', description: 'rate' },
      optimizer: { type: 'string', choices: ['sgd', 'adam'], description: 'optimizer' },
      time: { type: 'duration', description: 'time' },
      resume: { type: 'string', description: 'run', commandLineOnly: true },
    },
  },
] as const;

const problemsOf = (values: Json): Promise<ConfigProblem[]> =>
  Promise.resolve(configProblems(values, COMMANDS));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

async function load(text: string): Promise<Awaited<ReturnType<typeof loadConfig>>> {
  const path = join(folder.path, 'aimaas.yaml');
  await writeFile(path, text);
  return loadConfig(path, problemsOf);
}

async function problems(text: string): Promise<{ line: number; message: string }[]> {
  const error: unknown = await load(text).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AimaasError)) throw new Error(`accepted: ${text}`, { cause: error });
  expect(error.code).toBe('CONFIG');
  return (error.details as { problems: { line: number; message: string }[] }).problems;
}

describe('a file that is right', () => {
  test.each([
    ['', {}],
    ['# only a comment\n', {}],
    ['train:\n', { train: null }],
    [
      'workspace: .w\ncollect:\n  sources: [a.csv, b.csv]\n  type: {zip: category}\n',
      { workspace: '.w', collect: { sources: ['a.csv', 'b.csv'], type: { zip: 'category' } } },
    ],
    [
      'train: {epochs: 3, learning_rate: auto, time: 10m, optimizer: adam}',
      { train: { epochs: 3, learning_rate: 'auto', time: '10m', optimizer: 'adam' } },
    ],
    ['train:\n  epochs:\n', { train: {} }],
    ['collect:\n  target: 2019\n  type: [a=text]\n', { collect: { target: 2019, type: ['a=text'] } }],
    ['\ufeffcollect: {target: 价格}\n', { collect: { target: '价格' } }],
  ])('%j', async (text, values) => {
    expect((await load(text)).values).toEqual(values);
  });

  test('no aimaas.yaml in the folder is no problem, and asks for no schema', async () => {
    const before = process.cwd();
    process.chdir(folder.path);
    try {
      const config = await loadConfig(undefined, () => Promise.reject(new Error('not needed')));
      expect(config.values).toEqual({});
    } finally {
      process.chdir(before);
    }
  });
});

describe('a file with problems', () => {
  test('all are told at once, in order, with lines and nearest names', async () => {
    const text = [
      'workspace: [1]',
      'tarin:',
      '  epochs: 1',
      'train:',
      '  epochs: 0',
      '  learning_rate: fast',
      '  optimiser: adam',
      '  optimizer: adm',
      '  time: soon',
      '  resume: latest',
      'collect:',
      '  sources: a.csv',
      '  target: {a: b}',
    ].join('\n');
    expect(await problems(text)).toEqual([
      { line: 1, message: 'workspace must be text, but it is [1].' },
      { line: 2, message: 'there is no section "tarin". Did you mean "train"?' },
      { line: 5, message: 'train.epochs must be a whole number of at least 1, but it is 0.' },
      { line: 6, message: 'train.learning_rate must be a number of at least 0 or "auto", but it is "fast".' },
      { line: 7, message: 'there is no setting of train "optimiser". Did you mean "optimizer"?' },
      { line: 8, message: 'train.optimizer cannot be "adm". Did you mean "adam"?' },
      { line: 9, message: 'train.time must be a duration such as 90s, 10m, 2h or 7d, but it is "soon".' },
      {
        line: 10,
        message: 'there is no setting of train "resume". Known: epochs, learning_rate, optimizer, time.',
      },
      { line: 13, message: 'collect.target must be text, but it is {"a":"b"}.' },
    ]);
  });

  test.each([
    ['train: [', 1, /not valid YAML/],
    ['train:\n  epochs: 1\n  epochs: 2\n', 3, /unique/],
    ['a: b: c', 1, /not valid YAML/],
    ['- train\n', 1, /the file must be a mapping of sections/],
    ['just text', 1, /the file must be a mapping of sections/],
    ['train: 5', 1, /train must be a mapping of settings, but it is 5/],
    [
      'collect:\n  sources:\n    - a.csv\n    - {b: c}\n',
      2,
      /collect.sources must be text or a list of texts/,
    ],
  ])('%j', async (text, line, message) => {
    const [first] = await problems(text);
    expect(first?.line).toBe(line);
    expect(first?.message).toMatch(message);
  });

  test('a named file that is not there', async () => {
    await expect(loadConfig(join(folder.path, 'no.yaml'), problemsOf)).rejects.toMatchObject({
      code: 'CONFIG',
      hint: 'Write one with: aimaas init',
    });
  });
});
