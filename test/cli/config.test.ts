import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

async function run(lines: readonly string[], ...argv: string[]): ReturnType<typeof runCli> {
  await writeFile(join(folder.path, 'aimaas.yaml'), lines.join('\n'));
  return runCli(argv, { cwd: folder.path });
}

test('every verb tells all problems of aimaas.yaml at once, also those of other verbs', async () => {
  const lines = [
    'collect:',
    '  encoding: utf-9',
    '  type:',
    '    zip: catgory',
    '    age: number',
    'preprocess:',
    '  scale: robst',
    '  impute: [median, city=mots_frequent]',
    '  split: [0.8, 0.2]',
    '  encode: {city: one_hot}',
    'train:',
    '  epochs: many',
    '  activation: rleu',
    '  engine: onnx',
    'evaluate:',
    '  fail_under: foo',
    'optimize:',
    '  metric: acuracy',
    'export:',
    '  format: [onnx, tfj]',
    'serve:',
    '  workers: 0',
    '  canary: penguins/4',
    'monitor:',
    '  fail_over: {pis: 0.2}',
  ];
  const { code, stdout, stderr } = await run(lines, 'status');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const problems = stderr.split('\n').filter((line) => /^ *aimaas\.yaml:\d+: /.test(line));
  expect(problems.map((line) => line.trim())).toEqual([
    expect.stringMatching(/^aimaas.yaml:2: collect.encoding cannot be "utf-9". Did you mean "utf-8"\?/),
    expect.stringMatching(/^aimaas.yaml:4: collect.type cannot be "zip=catgory".*Did you mean "category"\?/),
    expect.stringMatching(/^aimaas.yaml:7: preprocess.scale cannot be "robst". Did you mean "robust"\?/),
    expect.stringMatching(
      /^aimaas.yaml:8: preprocess.impute cannot be "city=mots_frequent".*"most_frequent"\?/,
    ),
    expect.stringMatching(/^aimaas.yaml:9: preprocess.split cannot be "0.8,0.2". Expected three shares/),
    expect.stringMatching(/^aimaas.yaml:10: preprocess.encode cannot be "city=one_hot".*"onehot"\?/),
    expect.stringMatching(
      /^aimaas.yaml:12: train.epochs must be a whole number of at least 1, but it is "many"/,
    ),
    expect.stringMatching(/^aimaas.yaml:13: train.activation cannot be "rleu". Did you mean "relu"\?/),
    expect.stringMatching(/^aimaas.yaml:14: train.engine cannot be "onnx". Did you mean "onnxruntime"\?/),
    expect.stringMatching(/^aimaas.yaml:16: evaluate.fail_under cannot be "foo". Expected METRIC=NUMBER/),
    expect.stringMatching(/^aimaas.yaml:18: optimize.metric cannot be "acuracy". Did you mean "accuracy"\?/),
    expect.stringMatching(/^aimaas.yaml:20: export.format cannot be "tfj". Did you mean "tfjs"\?/),
    expect.stringMatching(/^aimaas.yaml:22: serve.workers must be a whole number .*, but it is 0/),
    expect.stringMatching(
      /^aimaas.yaml:23: serve.canary cannot be "penguins\/4". Expected a version and its/,
    ),
    expect.stringMatching(/^aimaas.yaml:25: monitor.fail_over cannot be "pis=0.2".*Did you mean "psi"\?/),
  ]);
});

test('the same words are used of options and variables', async () => {
  const option = await runCli(['preprocess', '--scale', 'age=robst'], { cwd: folder.path });
  expect(option.code).toBe(2);
  expect(option.stderr).toContain('--scale cannot be "age=robst". "robst" is none of its values.');
  const variable = await runCli(['status'], {
    cwd: folder.path,
    env: { AIMAAS_PREPROCESS_SCALE: 'robst' },
  });
  expect(variable.stderr).toContain('AIMAAS_PREPROCESS_SCALE cannot be "robst". Did you mean "robust"?');
});

test('a mapping does for what is set by column', async () => {
  await writeFile(join(folder.path, 'rows.csv'), `a,b,y\n${'1,2,x\n3,5,z\n'.repeat(20)}`);
  const lines = ['preprocess:', '  scale: {a: robust}', '  impute:', '    - mean', '    - b: constant:0'];
  expect((await run(lines, 'collect', 'rows.csv', '--target', 'y')).code).toBe(0);
  const { code, stderr } = await run(lines, 'preprocess');
  expect({ code, stderr }).toMatchObject({ code: 0 });
});
