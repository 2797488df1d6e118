import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

type Trained = {
  readonly run: string;
  readonly upToDate: boolean;
  readonly folder: string;
  readonly epochs: number;
  readonly validation: Record<string, number>;
  readonly baseline: Record<string, number>;
};

/** A network that is trained in a moment. */
const QUICK = ['train', '--layers', '8', '--epochs', '12', '--members', '2'];

describe('aimaas train', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let cwd: string;
  beforeAll(async () => {
    folder = await temporaryFolder();
    cwd = folder.path;
    await cp(EXAMPLE, join(cwd, 'penguins.csv'));
    await runJson(['collect', 'penguins.csv', '--target', 'species'], { cwd });
    await runJson(['preprocess'], { cwd });
  });
  afterAll(() => folder.dispose());

  it('keeps a run with metrics, curves and weights, and is up to date the second time', async () => {
    const first = await runJson<Trained>(QUICK, { cwd });
    expect(first.upToDate).toBe(false);
    expect(first.validation.accuracy).toBeGreaterThan(first.baseline.accuracy as number);
    const lines = (await readFile(join(first.folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(12);
    expect(JSON.parse(lines[11] as string)).toMatchObject({ epoch: 12, loss: expect.any(Number) as number });
    const again = await runJson<Trained>(QUICK, { cwd });
    expect(again).toMatchObject({ run: first.run, upToDate: true });
    const forced = await runJson<Trained>([...QUICK, '--force'], { cwd });
    expect(forced).toMatchObject({ run: first.run, upToDate: false, validation: first.validation });
  });

  it.each([
    ['sgd', ['--optimizer', 'sgd', '--schedule', 'step']],
    ['momentum with warm-up', ['--optimizer', 'momentum', '--warmup', '3', '--schedule', 'one_cycle']],
    ['rmsprop and focal loss', ['--optimizer', 'rmsprop', '--loss', 'focal', '--clip-norm', '1']],
    ['adagrad with batch norm', ['--optimizer', 'adagrad', '--batch-norm', '--clip-value', '0.5']],
    ['class weights and a plateau', ['--class-weights', 'balanced', '--schedule', 'plateau']],
    [
      'a learning rate of its own finding',
      ['--optimizer', 'adam', '--learning-rate', 'auto', '--schedule', 'cosine'],
    ],
    ['early stopping', ['--patience', '2', '--epochs', '200', '--batch-size', '16']],
    ['one member', ['--members', '1']],
    ['the reference engine', ['--engine', 'reference', '--epochs', '3']],
    ['the linear family', ['--model', 'linear', '--epochs', '20']],
  ])('trains with %s', async (_name, flags) => {
    const plain = flags.includes('linear') ? ['train', '--members', '2'] : QUICK;
    const result = await runJson<Trained>([...plain, ...flags], { cwd });
    expect(Number.isFinite(result.validation.log_loss)).toBe(true);
    if (flags.includes('--patience')) expect(result.epochs).toBeLessThan(200);
  });

  it('starts from the weights of another run', async () => {
    const first = await runJson<Trained>(QUICK, { cwd });
    const tuned = await runJson<Trained>(
      [...QUICK, '--from', first.run, '--learning-rate', '0', '--weight-decay', '0'],
      { cwd },
    );
    const weights = (run: Trained): Promise<Buffer> => readFile(join(run.folder, 'weights.safetensors'));
    expect(tuned.run).not.toBe(first.run);
    expect((await weights(tuned)).equals(await weights(first))).toBe(true);
    const other = await runCli(['train', '--model', 'linear', '--from', first.run, '--epochs', '2'], { cwd });
    expect(other.stderr).toMatch(/weight/);
  });

  it('names what is wrong, and what there is', async () => {
    const failing = async (...flags: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCli([...QUICK, ...flags], { cwd });
      expect(stdout).toBe('');
      return `${code} ${stderr}`;
    };
    expect(await failing('--optimizer', 'adm')).toMatch(/^2 .*adam/s);
    expect(await failing('--loss', 'mse')).toMatch(/^2 .*multiclass/s);
    expect(await failing('--model', 'mpl')).toMatch(/^2 .*"mlp"/s);
    expect(await failing('--layers', '8,x')).toMatch(/^2 .*8,x/s);
    expect(await failing('--param', 'embeddingSiz=4')).toMatch(/^2 .*embeddingSize/s);
    expect(await failing('--features', 'nosuch')).toMatch(/^4 .*aimaas preprocess/s);
    expect(await failing('--engine', 'tpu')).toMatch(/^(2|4) .*tpu/s);
    expect(await failing('--dropout', '1.5')).toMatch(/^2 .*1\.5/s);
  });

  it('stops with advice when the loss is no longer a number', async () => {
    const { code, stderr } = await runCli(
      [
        ...QUICK,
        '--optimizer',
        'sgd',
        '--learning-rate',
        '1e38',
        '--schedule',
        'constant',
        '--activation',
        'relu',
      ],
      { cwd },
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/NaN or infinite/);
    expect(stderr).toMatch(/--learning-rate/);
  });
});
