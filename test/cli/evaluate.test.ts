import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsOf } from '../../src/metrics/index.js';
import type { EvaluateResult } from '../../src/steps/evaluate/evaluate.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;

const evaluate = (...argv: string[]) => runCli(['evaluate', ...argv], { cwd });
const evaluateJson = (...argv: string[]) => runJson<EvaluateResult>(['evaluate', ...argv], { cwd });

async function ok(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(argv, { cwd });
  if (code !== 0) throw new Error(`aimaas ${argv.join(' ')} exited ${code}:\n${stderr}`);
  return stdout.trim();
}

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  await copyFile(PENGUINS, join(cwd, 'penguins.csv'));
  await ok('collect', 'penguins.csv', '--target', 'species', '-q');
  await ok('preprocess', '-q');
  await ok('train', '--model', 'linear', '--epochs', '20', '-q');
});

afterAll(() => folder.dispose());

/** The baseline of a weighted evaluation is the class with the most weight in training, not with the most rows. */
async function expectWeightedBaseline(at: { readonly cwd: string }): Promise<void> {
  const rows = Array.from({ length: 90 }, (_, i) =>
    i % 3 === 0 ? `${i % 7},rare,${8 + (i % 2)}` : `${i % 7},usual,1`,
  );
  await writeFile(join(at.cwd, 'rare.csv'), ['x,y,w', ...rows].join('\n'));
  for (const argv of [
    ['collect', 'rare.csv', '--target', 'y', '--type', 'w=number'],
    ['preprocess', '--weight-column', 'w'],
    ['train', '--model', 'linear', '--epochs', '2'],
  ]) {
    expect((await runCli([...argv, '-q'], at)).stderr).toBe('');
  }
  for (const options of [[], ['--folds', '2']]) {
    const { baseline, confusion } = await runJson<EvaluateResult>(['evaluate', '--no-plots', ...options], at);
    const [rare = 0, usual = 0] = confusion?.matrix.map((row) => row.reduce((a, b) => a + b, 0)) ?? [];
    expect(baseline['accuracy']).toBeCloseTo(rare / (rare + usual), 3);
    expect(baseline['accuracy']).toBeGreaterThan(0.7);
  }
}

describe('evaluate --data with sample weights', () => {
  it('weighs the rows as the model was trained, and says when the data have no weights', async () => {
    const plain = (await readFile(join(cwd, 'penguins.csv'), 'utf8')).trimEnd().split('\n');
    const weight = (line: number) => 1 + (line % 5) * 3;
    const lines = plain.map((line, i) => `${line},${i === 0 ? 'w' : weight(i)}`);
    await writeFile(join(cwd, 'weighted.csv'), lines.join('\n'));
    const weighted = await temporaryFolder();
    try {
      const at = { cwd: weighted.path };
      for (const argv of [
        ['collect', join(cwd, 'weighted.csv'), '--target', 'island'],
        ['preprocess', '--weight-column', 'w'],
        ['train', '--model', 'linear', '--epochs', '3'],
      ]) {
        expect((await runCli([...argv, '-q'], at)).stderr).toBe('');
      }
      const data = ['--data', join(cwd, 'weighted.csv'), '--no-plots', '--output', 'out'];
      const result = await runJson<EvaluateResult>(['evaluate', ...data], at);
      const rows = await csv(join(weighted.path, 'out', 'predictions.csv'));
      expect(rows.map((row) => Number(row['weight']))).toEqual(rows.map((_, i) => weight(i + 1)));
      const hits = rows.map((row) => Number(row['truth'] === row['prediction']));
      const weights = rows.map((_, i) => weight(i + 1));
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      const expected = sum(hits.map((hit, i) => hit * (weights[i] ?? 0))) / sum(weights);
      expect(expected).not.toBeCloseTo(sum(hits) / hits.length, 4);
      expect(result.metrics['accuracy']).toBeCloseTo(expected, 6);

      const other = await runCli(
        ['evaluate', '--data', join(cwd, 'penguins.csv'), '--metric', 'accuracy'],
        at,
      );
      expect(other.stderr).toContain(
        'penguins.csv has no sample weights (column w): all rows count the same.',
      );
      const weightless = lines.slice(0, 9).map((line, i) => (i === 0 ? line : line.replace(/\d+$/, '0')));
      await writeFile(join(weighted.path, 'zero.csv'), weightless.join('\n'));
      const zero = await runCli(['evaluate', '--data', 'zero.csv'], at);
      expect([zero.code, zero.stderr]).toEqual([
        3,
        expect.stringContaining('The weight is 0 in all 8 rows of zero.csv, so none of them counts'),
      ]);
      await writeFile(join(weighted.path, 'bad.csv'), lines.slice(0, 9).join('\n').replace(/,1$/m, ',-1'));
      const bad = await runCli(['evaluate', '--data', 'bad.csv'], at);
      expect([bad.code, bad.stderr]).toEqual([3, expect.stringContaining('column "w" is -1')]);
      await expectWeightedBaseline(at);
    } finally {
      await weighted.dispose();
    }
  });
});

/** Rows of a CSV as objects. */
async function csv(path: string): Promise<Record<string, string>[]> {
  return parse(await readFile(path, 'utf8'), { columns: true });
}

describe('evaluate on the test split', () => {
  it('gives every metric beside the baseline, with intervals that hold it, and writes what it says', async () => {
    const result = await evaluateJson('--bootstrap', '200');
    expect(result.schemaVersion).toBe(1);
    expect(result.on).toMatchObject({ split: 'test', data: null });
    expect(result.task).toBe('multiclass');
    for (const metric of metricsOf('multiclass').filter(({ shownFor }) => shownFor.includes('multiclass'))) {
      expect(result.metrics[metric.name], metric.name).toEqual(expect.any(Number));
      expect(result.baseline[metric.name], metric.name).toEqual(expect.any(Number));
      const [low = NaN, high = NaN] = result.intervals[metric.name] ?? [];
      expect(low, metric.name).toBeLessThanOrEqual(high);
    }
    expect(result.metrics['accuracy']).toBeGreaterThan(result.baseline['accuracy'] ?? NaN);
    expect(result.baseline['roc_auc']).toBe(0.5);
    const output = result.output ?? '';
    expect((await readdir(output)).sort()).toEqual([...result.files].sort());
    expect(result.files).toEqual(
      expect.arrayContaining(['metrics.json', 'predictions.csv', 'report.html', 'roc.svg', 'roc.png']),
    );
  });

  it('writes predictions that agree with the metrics and with the data they came from', async () => {
    const result = await evaluateJson('--bootstrap', '200');
    const rows = await csv(join(result.output ?? '', 'predictions.csv'));
    const data = await csv(join(cwd, 'penguins.csv'));
    expect(rows).toHaveLength(result.on.rows);
    const right = rows.filter((row) => row['truth'] === row['prediction']).length;
    expect(right / rows.length).toBeCloseTo(result.metrics['accuracy'] ?? NaN, 12);
    for (const row of rows) {
      expect(data[Number(row['row']) - 1]?.['species']).toBe(row['truth']);
      const probabilities = result.classes.map(({ name }) => Number(row[`probability_${name}`]));
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
      expect(result.classes[probabilities.indexOf(Math.max(...probabilities))]?.name).toBe(row['prediction']);
    }
  });

  it('is up to date the second time, and again with --force, to the same result', async () => {
    const quick = ['--bootstrap', '20', '--no-plots'];
    const first = await evaluateJson(...quick, '--force');
    expect(first.upToDate).toBe(false);
    expect(await evaluateJson(...quick)).toEqual({ ...first, upToDate: true });
    expect(await evaluateJson(...quick, '--force')).toEqual(first);
    expect(await evaluateJson(...quick, '--seed', '4')).toMatchObject({ upToDate: false });
  });

  it('prints the bare number of a metric, and leaves nothing behind', async () => {
    const runs = join(cwd, '.aimaas', 'runs');
    const [run = ''] = await readdir(runs);
    const before = await readdir(join(runs, run, 'evaluation'));
    const { stdout, code } = await evaluate('--metric', 'f1_macro', '-q', '--seed', '9');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^(0\.\d+|1)\n$/);
    expect(await readdir(join(runs, run, 'evaluation'))).toEqual(before);
    const several = await evaluate('--metric', 'log_loss', '--metric', 'accuracy', '-q');
    const result = await evaluateJson('--metric', 'log_loss', '--metric', 'accuracy');
    expect(several.stdout).toBe(`${result.metrics['log_loss'] ?? ''}\n${result.metrics['accuracy'] ?? ''}\n`);
    expect(Object.keys(result.metrics)).toEqual(['log_loss', 'accuracy']);
    expect(result.output === null || result.upToDate).toBe(true);
  });

  it('exits 5 when a threshold is not met, in either direction', async () => {
    expect(await evaluate('--fail-under', 'accuracy=0.5', '--fail-under', 'log_loss=5')).toMatchObject({
      code: 0,
    });
    const failed = await evaluate('--fail-under', 'accuracy=1.01', '--fail-under', 'log_loss=0');
    expect(failed.code).toBe(5);
    expect(failed.stderr).toContain('accuracy is');
    expect(failed.stderr).toContain('under 1.01');
    expect(failed.stderr).toMatch(/log_loss is .*, over 0/);
  });

  it('writes where it is told, keeping what else is there', async () => {
    const result = await evaluateJson('--output', 'out', '--no-plots', '--predictions', 'parquet');
    expect([...result.files].sort()).toEqual(['metrics.json', 'predictions.parquet']);
    await writeFile(join(cwd, 'out', 'notes.txt'), 'mine');
    await evaluateJson('--output', 'out', '--no-plots', '--force');
    expect((await readdir(join(cwd, 'out'))).sort()).toEqual(
      expect.arrayContaining(['metrics.json', 'notes.txt', 'predictions.csv']),
    );
  });

  it('removes what an earlier evaluation wrote to the same folder and this one does not', async () => {
    const first = await evaluateJson('--output', 'again', '--bootstrap', '20');
    expect(first.files).toContain('report.html');
    await writeFile(join(cwd, 'again', 'notes.txt'), 'mine');
    const second = await evaluateJson(
      '--output',
      'again',
      '--no-plots',
      '--seed',
      '5',
      '--predictions',
      'parquet',
    );
    expect((await readdir(join(cwd, 'again'))).sort()).toEqual([...second.files, 'notes.txt'].sort());
  });

  it.each([
    [['--metric', 'acuracy'], 2, 'Did you mean "accuracy"?'],
    [['--metric', 'f1'], 2, 'f1_macro'],
    [['--metric', 'accuracy,mcc'], 2, 'hint: Repeat the option: --metric accuracy --metric mcc'],
    [['--output', 'penguins.csv'], 2, 'hint: Name a new folder with --output.'],
    [['--output', 'penguins.csv/out'], 2, 'is below'],
    [['--output', 'penguins.csv', '--folds', '2'], 2, 'penguins.csv is a file; expected a folder'],
    [['--fail-under', 'accuracy'], 2, 'Expected METRIC=NUMBER'],
    [['--fail-under', 'accuracy=high'], 2, 'Expected METRIC=NUMBER'],
    [['--fail-under', 'r2=0.5'], 2, 'not for a multiclass model'],
    [['--fail-under', 'acuracy=0.5'], 2, 'Did you mean "accuracy"?'],
    [['--folds', '1'], 2, ''],
    [['--folds', '3', '--data', 'penguins.csv'], 2, '--data cannot be given too'],
    [['--run', 'nothing'], 4, 'no model or run "nothing"'],
    [['--data', 'missing.csv'], 3, 'missing.csv'],
  ] as const)('refuses %j with exit %i', async (argv, code, message) => {
    const result = await evaluate(...argv);
    expect(result.code).toBe(code);
    expect(result.stdout).toBe('');
    expect(result.stderr).toContain(message);
  });
});

describe('evaluate --data', () => {
  it('judges new rows, whatever the order of the columns, from a file or from stdin', async () => {
    const result = await evaluateJson('--data', 'penguins.csv', '--metric', 'accuracy');
    expect(result.on).toMatchObject({ split: null, rows: 344, data: { location: 'penguins.csv' } });
    const lines = (await readFile(PENGUINS, 'utf8')).trim().split('\n');
    const reversed = lines.map((line) => line.trim().split(',').reverse().join(',')).join('\n');
    await writeFile(join(cwd, 'reversed.csv'), reversed);
    const other = await evaluateJson('--data', 'reversed.csv', '--metric', 'accuracy');
    expect(other.metrics).toEqual(result.metrics);
    const piped = await runJson<EvaluateResult>(['evaluate', '--data', '-', '--metric', 'accuracy'], {
      cwd,
      stdin: reversed,
    });
    expect(piped.metrics).toEqual(result.metrics);
  });

  it('leaves rows without a target out, and says so', async () => {
    const text = await readFile(PENGUINS, 'utf8');
    await writeFile(join(cwd, 'gaps.csv'), text.replaceAll('Gentoo', ''));
    const result = await evaluateJson('--data', 'gaps.csv', '--no-plots', '--bootstrap', '50');
    expect(result.on.rows).toBe(344 - (text.match(/Gentoo/g)?.length ?? 0));
    expect(result.warnings.join('\n')).toMatch(/of 344 rows have no value of species/);
    expect(result.warnings.join('\n')).toMatch(/No row is of class "Gentoo"/);
    const rows = await csv(join(result.output ?? '', 'predictions.csv'));
    const data = await csv(PENGUINS);
    for (const row of rows) expect(data[Number(row['row']) - 1]?.['species']).toBe(row['truth']);
  });

  it('leaves out a metric that one class does not define, which no threshold is met by', async () => {
    const lines = (await readFile(PENGUINS, 'utf8')).split('\n');
    const one = lines.filter((line, i) => i === 0 || line.includes('Adelie')).join('\n');
    await writeFile(join(cwd, 'one.csv'), one);
    const result = await evaluateJson('--data', 'one.csv', '--metric', 'roc_auc', '--metric', 'accuracy');
    expect(result.metrics['roc_auc']).toBeNull();
    expect(result.metrics['accuracy']).toEqual(expect.any(Number));
    const failed = await evaluate(
      '--data',
      'one.csv',
      '--metric',
      'roc_auc',
      '--fail-under',
      'roc_auc=0',
      '-q',
    );
    expect(failed).toMatchObject({ code: 5, stdout: 'nan\n' });
    expect(failed.stderr).toContain('roc_auc is not defined on these rows');
  });

  it.each([
    ['no target column', 'species', 'kind', 3, 'evaluate needs the true value of every row'],
    ['an unknown class', 'Adelie', 'Macaroni', 3, 'does not know: "Macaroni"'],
    ['no input column', 'body_mass_g', 'mass', 3, 'body_mass_g'],
  ])('says what is wrong with data that have %s', async (_, from, to, code, message) => {
    await writeFile(join(cwd, 'bad.csv'), (await readFile(PENGUINS, 'utf8')).replaceAll(from, to));
    const result = await evaluate('--data', 'bad.csv');
    expect(result.code).toBe(code);
    expect(result.stderr).toContain(message);
    expect(result.stderr).toContain('hint:');
  });

  it('gives advice that evaluate can follow for a cell that cannot be read', async () => {
    await writeFile(join(cwd, 'words.csv'), (await readFile(PENGUINS, 'utf8')).replace(',39.1,', ',long,'));
    const { code, stderr } = await evaluate('--data', 'words.csv');
    expect(code).toBe(3);
    expect(stderr).toMatch(/words\.csv, line 2, column "\w+": "long" is not a number/);
    expect(stderr).toContain('hint: Mend the row, or leave it out of the file');
    expect(stderr).not.toMatch(/--missing|--type/);
  });

  it('says that there is nothing to evaluate on', async () => {
    const [header = ''] = (await readFile(PENGUINS, 'utf8')).split('\n');
    await writeFile(join(cwd, 'empty.csv'), `${header}\n`);
    expect(await evaluate('--data', 'empty.csv')).toMatchObject({ code: 3 });
    const blank = (await readFile(PENGUINS, 'utf8')).replaceAll(/Adelie|Chinstrap|Gentoo/g, '');
    await writeFile(join(cwd, 'blank.csv'), blank);
    const result = await evaluate('--data', 'blank.csv');
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('is missing in all 344 rows');
  });
});

describe('the report', () => {
  it('opens without network or script, and has every metric, the classes and plots', async () => {
    const result = await evaluateJson('--bootstrap', '20', '--force');
    const html = await readFile(join(result.output ?? '', 'report.html'), 'utf8');
    expect(html).not.toMatch(/<script|<link|\ssrc=|url\((?!#)|@import/);
    const outside = [...html.matchAll(/https?:\/\/[^"\s<]+/g)].map(([url]) => url);
    expect(outside.filter((url) => url !== 'http://www.w3.org/2000/svg')).toEqual([]);
    for (const name of Object.keys(result.metrics)) expect(html).toContain(`<code>${name}</code>`);
    for (const { name } of result.classes) expect(html).toContain(name);
    expect(html.match(/<svg /g)?.length).toBe(result.files.filter((file) => file.endsWith('.svg')).length);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('evaluate --folds', () => {
  it('judges every row by a model that did not see it, and leaves the current artifacts alone', async () => {
    const names = ['data', 'features', 'run'];
    const current = () =>
      Promise.all(names.map((name) => readFile(join(cwd, '.aimaas', 'current', name), 'utf8')));
    const before = await current();
    const runs = await readdir(join(cwd, '.aimaas', 'runs'));
    const result = await evaluateJson('--folds', '3', '--no-plots');
    expect(await current()).toEqual(before);
    expect(await readdir(join(cwd, '.aimaas', 'runs'))).toEqual(runs);
    expect((await readdir(join(cwd, '.aimaas', 'cache'))).filter((name) => name.startsWith('folds'))).toEqual(
      [],
    );

    const folds = result.folds?.folds ?? [];
    expect(folds).toHaveLength(3);
    expect(folds.reduce((sum, fold) => sum + fold.rows, 0)).toBe(344);
    for (const name of Object.keys(result.metrics)) {
      const values = folds.map((fold) => fold.metrics[name] ?? NaN);
      const mean = values.reduce((sum, value) => sum + value, 0) / 3;
      expect(result.metrics[name], name).toBeCloseTo(mean, 12);
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
      expect(result.folds?.standardDeviation[name], name).toBeCloseTo(deviation, 12);
    }
    const rows = await csv(join(result.output ?? '', 'predictions.csv'));
    const data = await csv(PENGUINS);
    for (const { fold, metrics } of folds) {
      const own = rows.filter((row) => row['fold'] === String(fold));
      const right = own.filter((row) => row['truth'] === row['prediction']).length;
      expect(right / own.length).toBeCloseTo(metrics['accuracy'] ?? NaN, 12);
    }
    expect(rows.map((row) => Number(row['row'])).sort((a, b) => a - b)).toEqual(data.map((_, i) => i + 1));
    for (const row of rows) expect(data[Number(row['row']) - 1]?.['species']).toBe(row['truth']);
    expect(await evaluateJson('--folds', '3', '--no-plots')).toMatchObject({ upToDate: true });
  });

  it('takes the name of a model for the run that it was made of', async () => {
    await ok('export', '--name', 'birds', '--format', 'onnx', '-q');
    const asked = ['--folds', '2', '--metric', 'accuracy'];
    const { run, metrics } = await evaluateJson(...asked, '--run', 'birds@latest');
    expect(await evaluateJson(...asked, '--run', run ?? '')).toMatchObject({ metrics });
    const missing = await evaluate(...asked, '--run', 'bird');
    expect([missing.code, missing.stderr]).toEqual([4, expect.stringContaining('Did you mean "birds"?')]);
  });

  it('says in which fold it was interrupted, and recommends no run that is gone with it', async () => {
    const abort = new AbortController();
    const interrupted = runCli(['evaluate', '--folds', '3', '--seed', '77'], { cwd, signal: abort.signal });
    // Once the first fold is being trained.
    const cache = join(cwd, '.aimaas', 'cache');
    const files = () => readdir(cache, { recursive: true }).catch(() => []);
    while (!(await files()).some((name) => name.endsWith('metrics.jsonl'))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    abort.abort();
    const { code, stderr } = await interrupted;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Interrupted in fold \d of 3; nothing of the cross-validation is kept/);
    expect(stderr).not.toMatch(/--resume|checkpoint/);
  });

  it('says in which fold the loss ran away', async () => {
    const wild = ['--optimizer', 'sgd', '--learning-rate', '1e30', '--epochs', '7'];
    expect((await runCli(['train', '--model', 'mlp', '--layers', '4', ...wild], { cwd })).code).toBe(3);
    const { runs } = await runJson<{ runs: { id: string }[] }>(['runs'], { cwd });
    const { code, stderr } = await evaluate('--folds', '2', '--run', runs[0]?.id ?? '');
    expect(code).toBe(3);
    expect(stderr).toContain('The loss became NaN or infinite in fold 1 of 2.');
    expect(stderr).not.toMatch(/--from|weights\.safetensors/);
  });

  it('does not let the target leak: a random target is not predicted', async () => {
    // A category of its own for every row, and classes by coin flip: any leak would make the model know them by heart.
    const other = await temporaryFolder();
    try {
      const lines = ['id,x,y'];
      let state = 1;
      for (let row = 0; row < 300; row++) {
        state = (state * 16807) % 2147483647;
        lines.push(`k${row % 60},${state % 1000},${(state >> 8) % 2 === 0 ? 'a' : 'b'}`);
      }
      await writeFile(join(other.path, 'coin.csv'), `${lines.join('\n')}\n`);
      const options = { cwd: other.path };
      for (const argv of [
        ['collect', 'coin.csv', '--target', 'y', '--type', 'id=category', '-q'],
        ['preprocess', '-q'],
        ['train', '--model', 'linear', '--epochs', '20', '-q'],
      ]) {
        expect(await runCli(argv, options)).toMatchObject({ code: 0 });
      }
      const result = await runJson<EvaluateResult>(
        ['evaluate', '--folds', '3', '--metric', 'roc_auc'],
        options,
      );
      expect(result.metrics['roc_auc']).toBeGreaterThan(0.35);
      expect(result.metrics['roc_auc']).toBeLessThan(0.65);
    } finally {
      await other.dispose();
    }
  });
});
