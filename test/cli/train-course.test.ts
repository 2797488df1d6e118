import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../src/core/reporter.js';
import { train as startTraining } from '../../src/steps/train/train.js';
import { readSafetensors } from '../../src/workspace/safetensors.js';
import type { EpochRecord } from '../../src/training/plan.js';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';
import { readEvents } from '../helpers/event-file.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

type Trained = {
  readonly run: string;
  readonly folder: string;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly validation: Record<string, number>;
  readonly baseline: Record<string, number>;
};
type Row = Record<string, string>;

/** A linear model whose weights are moved by plain gradient descent on all rows at once. */
const PLAIN = ['train', '--model', 'linear', '--members', '1', '--param', 'l2=0', '--optimizer', 'sgd'];
const STEPS = ['--learning-rate', '0.1', '--schedule', 'constant', '--batch-size', '1000'];

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
let rows: Row[];

/** What the loss is made of: the sum of the losses of the training rows by their weights, over the sum of these. */
function meanOver(learned: readonly Row[], of: (row: Row, i: number) => number, weighted = false): number {
  const weights = learned.map((row) => (weighted ? Number(row['w']) : 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return learned.reduce((sum, row, i) => sum + (weights[i] as number) * of(row, i), 0) / total;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  const all = parse<Row>(await readFile(EXAMPLE, 'utf8'), { columns: true });
  rows = all.filter((row) => Object.values(row).every((cell) => cell !== '' && cell !== 'NA'));
  rows.forEach((row, i) => {
    row['part'] = ['train', 'train', 'train', 'validation', 'test'][i % 5] as string;
    row['w'] = String([0, 1, 2.5, 0.5][i % 4]);
  });
  const counts = (species: string) =>
    rows.filter((row) => row['part'] === 'train' && row['species'] === species).length;
  const learned = rows.filter((row) => row['part'] === 'train').length;
  // What scikit-learn calls balanced.
  for (const row of rows) row['balanced'] = String(learned / (3 * counts(row['species'] as string)));
  const names = Object.keys(rows[0] as Row);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))];
  await writeFile(join(cwd, 'penguins.csv'), lines.map((line) => line.join(',')).join('\n'));
  const prepared: readonly (readonly [string, string, ...string[]])[] = [
    ['classes', 'species'],
    ['weighted', 'species', '--weight-column', 'w'],
    ['balanced', 'species', '--weight-column', 'balanced'],
    ['numbers', 'body_mass_g'],
    ['heavy', 'body_mass_g', '--weight-column', 'w'],
  ];
  for (const [workspace, target, ...more] of prepared) {
    const at = ['--workspace', workspace];
    await runJson(['collect', 'penguins.csv', '--target', target, ...at], { cwd });
    const unused = ['w', 'balanced']
      .filter((name) => !more.includes(name))
      .flatMap((name) => ['--drop', name]);
    await runJson(['preprocess', '--split-column', 'part', ...unused, ...more, ...at], { cwd });
  }
});
afterAll(() => folder.dispose());

const train = (workspace: string, ...argv: string[]): Promise<Trained> =>
  runJson<Trained>([...argv, '--workspace', workspace], { cwd });

async function recordsOf(run: Trained): Promise<EpochRecord[]> {
  const lines = (await readFile(join(run.folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as EpochRecord);
}

const weightsOf = (run: Trained) => readSafetensors(join(run.folder, 'weights.safetensors'));

describe('the events of a run for TensorBoard', () => {
  const expectSame = async (run: Trained): Promise<void> => {
    const [head, ...events] = await readEvents(join(run.folder, 'tensorboard'));
    expect(head).toMatchObject({ fileVersion: 'brain.Event:2', step: 0 });
    const records = await recordsOf(run);
    expect(events.map(({ step, scalars }) => ({ step, scalars }))).toEqual(
      records.map(({ epoch, loss, validationLoss, learningRate }) => ({
        step: epoch,
        scalars: {
          loss: Math.fround(loss),
          ...(validationLoss === null ? {} : { validation_loss: Math.fround(validationLoss) }),
          learning_rate: Math.fround(learningRate),
        },
      })),
    );
    const times = events.map(({ wallTime }) => wallTime);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  };

  it('are the lines of metrics.jsonl, once, after training anew too', async () => {
    const argv = ['train', '--layers', '4', '--members', '1', '--epochs', '7'];
    await expectSame(await train('classes', ...argv));
    await expectSame(await train('classes', ...argv, '--force'));
  });

  it('are those of one training when it was cut off and resumed, which goes on at the rate that was found', async () => {
    const options = { params: { units: [4] }, members: 1, epochs: 30, learningRate: 'auto' } as const;
    const argv = ['train', '--layers', '4', '--members', '1', '--epochs', '30', '--learning-rate', 'auto'];
    const whole = await train('classes', ...argv);
    const records = await recordsOf(whole);
    const weights = await weightsOf(whole);

    const abort = new AbortController();
    const context = { workspace: join(cwd, 'classes'), signal: abort.signal, reporter: silentReporter };
    const interrupt = ({ epoch }: EpochRecord): void => {
      if (epoch === 10) abort.abort();
    };
    const cut = startTraining({ ...options, force: true }, context, { onRecord: interrupt });
    await expect(cut).rejects.toThrow('Interrupted after epoch 10 of 30');
    // Five epochs that no checkpoint has: what a kill leaves behind.
    const fail = ({ epoch }: EpochRecord): void => {
      if (epoch === 15) throw new Error('killed');
    };
    const running = { ...context, signal: new AbortController().signal };
    await expect(startTraining(options, running, { onRecord: fail })).rejects.toThrow('killed');

    const resumed = await train('classes', 'train', '--resume', whole.run);
    const plain = (all: EpochRecord[]) => all.map((record) => ({ ...record, seconds: 0 }));
    expect(plain(await recordsOf(resumed))).toEqual(plain(records));
    expect(await weightsOf(resumed)).toEqual(weights);
    await expectSame(resumed);
  });
});

describe('early stopping', () => {
  it('ends with the weights of the best epoch, to the bit', async () => {
    const argv = ['train', '--layers', '32', '--members', '1', '--schedule', 'constant', '--dropout', '0'];
    const fast = [...argv, '--weight-decay', '0', '--learning-rate', '0.1', '--patience', '5'];
    const stopped = await train('classes', ...fast, '--epochs', '300');
    expect(stopped.epochs).toBe(stopped.bestEpoch + 5);
    const losses = (await recordsOf(stopped)).map(({ validationLoss }) => validationLoss as number);
    expect(losses.indexOf(Math.min(...losses)) + 1).toBe(stopped.bestEpoch);
    const shorter = await train('classes', ...fast, '--epochs', String(stopped.bestEpoch));
    expect(await weightsOf(shorter)).toEqual(await weightsOf(stopped));
    expect(shorter.validation).toEqual(stopped.validation);
  });
});

describe('the loss that is reported', () => {
  /** The loss of a run that begins with the weights of another and does not move them. */
  const lossAt = async (workspace: string, run: Trained, ...flags: string[]): Promise<number> => {
    const still = ['--from', run.run, '--learning-rate', '0', '--batch-size', '1000', '--epochs', '1'];
    const [record] = await recordsOf(await train(workspace, ...PLAIN, ...still, ...flags));
    return record?.loss as number;
  };

  it.each([
    ['numbers', false],
    ['heavy', true],
  ])('is what the formula gives for --loss mse, mae and huber: %s', async (workspace, weighted) => {
    const run = await train(workspace, ...PLAIN, ...STEPS, '--epochs', '20');
    const learned = rows.filter((row) => row['part'] === 'train');
    const given = await runCli(['predict', 'penguins.csv', '--workspace', workspace], { cwd });
    const predicted = parse<Row>(given.stdout, { columns: true })
      .map((row) => Number(row['prediction']))
      .filter((_, i) => rows[i]?.['part'] === 'train');
    const truth = learned.map((row) => Number(row['body_mass_g']));
    const mean = meanOver(learned, (_, i) => truth[i] as number, weighted);
    const variance = meanOver(learned, (_, i) => ((truth[i] as number) - mean) ** 2, weighted);
    const error = (i: number) => ((predicted[i] as number) - (truth[i] as number)) / Math.sqrt(variance);
    const formulas: Record<string, (e: number) => number> = {
      mse: (e) => e * e,
      mae: Math.abs,
      huber: (e) => (Math.abs(e) < 1 ? (e * e) / 2 : Math.abs(e) - 0.5),
    };
    for (const [name, formula] of Object.entries(formulas)) {
      const expected = meanOver(learned, (_, i) => formula(error(i)), weighted);
      expect(await lossAt(workspace, run, '--loss', name), name).toBeCloseTo(expected, 4);
    }
  });

  it.each([
    ['classes', false],
    ['weighted', true],
  ])(
    'is what the formula gives for classes, focal loss and label smoothing: %s',
    async (workspace, weighted) => {
      const run = await train(workspace, ...PLAIN, ...STEPS, '--epochs', '20');
      const learned = rows.filter((row) => row['part'] === 'train');
      const given = await runCli(['predict', 'penguins.csv', '--workspace', workspace], { cwd });
      const { temperature } = JSON.parse(await readFile(join(run.folder, 'model.json'), 'utf8')) as {
        temperature: number;
      };
      const names = ['Adelie', 'Chinstrap', 'Gentoo'];
      // The logits, to a constant, are the logarithms of the calibrated probabilities times the temperature.
      const logs = parse<Row>(given.stdout, { columns: true })
        .filter((_, i) => rows[i]?.['part'] === 'train')
        .map((row) => {
          const logits = names.map((name) => temperature * Math.log(Number(row[`probability_${name}`])));
          const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
          return logits.map((logit) => logit - total);
        });
      const own = (row: Row, i: number): number =>
        logs[i]?.[names.indexOf(row['species'] as string)] as number;
      const sum = (i: number): number => (logs[i] as number[]).reduce((total, log) => total + log, 0);
      const cases: [string[], (row: Row, i: number) => number][] = [
        [['--loss', 'cross_entropy'], (row, i) => -own(row, i)],
        [['--loss', 'focal'], (row, i) => -((1 - Math.exp(own(row, i))) ** 2) * own(row, i)],
        [['--label-smoothing', '0.3'], (row, i) => -0.7 * own(row, i) - 0.1 * sum(i)],
      ];
      for (const [flags, formula] of cases) {
        const expected = meanOver(learned, formula, weighted);
        expect(await lossAt(workspace, run, ...flags), flags.join(' ')).toBeCloseTo(expected, 4);
      }
    },
  );
});

describe('weights of rows and classes', () => {
  it('balanced class weights are those of scikit-learn', async () => {
    const argv = [...PLAIN, ...STEPS, '--epochs', '30'];
    const balanced = await weightsOf(await train('classes', ...argv, '--class-weights', 'balanced'));
    const explicit = await weightsOf(await train('balanced', ...argv));
    const none = await weightsOf(await train('classes', ...argv));
    const values = (weights: typeof none) => [...(weights['output/kernel']?.data as Float32Array)];
    values(balanced).forEach((value, i) => expect(value).toBeCloseTo(values(explicit)[i] as number, 5));
    expect(Math.abs((values(balanced)[0] as number) - (values(none)[0] as number))).toBeGreaterThan(1e-3);
  });

  it('class weights change what is learned, not how it is judged', async () => {
    const argv = [...PLAIN, ...STEPS, '--epochs', '1', '--learning-rate', '0'];
    const plain = await train('weighted', ...argv);
    const balanced = await train('weighted', ...argv, '--class-weights', 'balanced');
    expect(balanced.baseline).toEqual(plain.baseline);
    expect(balanced.validation).toEqual(plain.validation);
  });
});

describe('limits of the gradient', () => {
  it.each([
    ['--clip-norm', '1e-6', 1e-6],
    ['--clip-weight-norm', '1e-6', 1e-6 * Math.SQRT2],
    ['--clip-value', '1e-7', 1e-7 * 100],
  ])('%s bounds how far a step goes', async (flag, limit, norm) => {
    const run = await train('classes', ...PLAIN, ...STEPS, '--epochs', '10', flag, limit);
    const tensors = Object.values(await weightsOf(run));
    const squares = tensors.flatMap(({ data }) => [...(data as Float32Array)].map((value) => value ** 2));
    const length = Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
    // Ten steps at a rate of 0.1.
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(norm * 1.001);
  });
});
