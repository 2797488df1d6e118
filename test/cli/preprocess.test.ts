import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PreprocessResult } from '../../src/steps/preprocess/preprocess.js';
import { collect } from '../../src/steps/collect/collect.js';
import { silentReporter } from '../../src/core/reporter.js';
import { runCli, runJson } from '../helpers/cli.js';
import { vegaRecords } from '../helpers/tables.js';

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'preprocess-cli-'));
  await writeFile(
    join(cwd, 'penguins.jsonl'),
    vegaRecords('penguins.json')
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
  await collect(
    { sources: [join(cwd, 'penguins.jsonl')], target: 'Species', name: 'penguins' },
    { workspace: join(cwd, '.aimaas'), reporter: silentReporter, signal: new AbortController().signal },
  );
});
afterAll(() => rm(cwd, { recursive: true }));

test('says what was made of the data, and what to do next', async () => {
  const { code, stdout } = await runCli(['preprocess'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/✔ Features [0-9a-f]{12} of penguins/);
  expect(stdout).toContain('multiclass of "Species": Adelie 106, Chinstrap 48, Gentoo 87');
  expect(stdout).toContain('241 train, 52 validation, 51 test');
  expect(stdout).toContain('15 from 6 columns: 4 numeric, 11 indicator');
  expect(stdout).toContain('Next: aimaas train');
});

test('-q prints the id, --json everything', async () => {
  const { stdout } = await runCli(['preprocess', '-q'], { cwd });
  const result = await runJson<PreprocessResult>(['preprocess'], { cwd });
  expect(stdout.trim()).toBe(result.id);
  expect(result).toMatchObject({ schemaVersion: 1, upToDate: true, task: 'multiclass', features: 15 });
});

test('settings come from flags and from aimaas.yaml alike', async () => {
  const flags = await runJson<PreprocessResult>(
    [
      'preprocess',
      '--split',
      '0.8,0.2,0',
      '--scale',
      'robust',
      '--scale',
      'Body Mass (g)=none',
      '--seed',
      '3',
    ],
    { cwd },
  );
  expect(flags.rows).toEqual({ train: 275, validation: 69, test: 0 });
  const file = join(cwd, 'other.yaml');
  await writeFile(
    file,
    'preprocess:\n  split: [0.8, 0.2, 0]\n  scale: [robust, Body Mass (g)=none]\n  seed: 3\n',
  );
  const yaml = await runJson<PreprocessResult>(['preprocess', '--config', file], { cwd });
  expect(yaml.id).toBe(flags.id);
});

test('--write-csv', async () => {
  const { csv } = await runJson<PreprocessResult>(['preprocess', '--write-csv', 'splits'], { cwd });
  expect(csv).toHaveLength(6);
  expect((await readFile(join(cwd, 'splits', 'y_test.csv'), 'utf8')).split('\n')).toHaveLength(53);
});

test.each([
  [['--split', '0.8,0.3,0'], 2, 'which sum to 1'],
  [['--scale', 'loud'], 2, 'standard, min_max, robust, quantile, l2 or none'],
  [['--scale', 'robst'], 2, 'Did you mean "robust"?'],
  [['--encode', 'category=embeding'], 2, 'Did you mean "embedding"?'],
  [['--group', 'Iland'], 3, 'Did you mean "Island"?'],
  [['--target', 'Island', '--task', 'regression'], 3, 'is not a number'],
  [['--data', '000000'], 4, 'aimaas collect'],
  [['--task', 'guess'], 2, '--task'],
] as const)('%j exits %i', async (flags, code, text) => {
  const result = await runCli(['preprocess', ...flags], { cwd });
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(text);
  expect(result.stdout).toBe('');
});
