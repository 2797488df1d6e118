import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Lines of a CSV: x from 0, and what becomes of it. */
const line = (rows: number, of: (x: number) => number): string[] =>
  Array.from({ length: rows }, (_, x) => `${x},${of(x)}`);

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

  it('starts from the weights of another run with the network of that run', async () => {
    const argv = ['train', '--layers', '6,4', '--activation', 'relu', '--members', '3', '--epochs', '2'];
    const first = await runJson<Trained>(argv, { cwd });
    const tuned = await runCli(['train', '--from', first.run, '--epochs', '2', '--json'], { cwd });
    expect(tuned.stderr).not.toContain('New weights');
    expect(JSON.parse(tuned.stdout)).toMatchObject({
      members: 3,
      model: { family: 'mlp', params: { units: [6, 4], activation: 'relu' } },
    });
    const linear = await runJson<Trained>(['train', '--model', 'linear', '--epochs', '2'], { cwd });
    const next = ['train', '--from', linear.run, '--epochs', '3'];
    expect(await runJson(next, { cwd })).toMatchObject({ model: { family: 'linear' } });
    const wider = await runCli(['train', '--from', first.run, '--layers', '6,5', '--epochs', '2'], { cwd });
    expect(wider.stderr).toMatch(/New weights for dense_1\/kernel/);
  });

  it('names the option that a family has no use for', async () => {
    const { code, stderr } = await runCli(['train', '--model', 'linear', '--layers', '3'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/"linear" has no parameter "units" \(--layers\)/);
    expect(stderr).toContain(
      'hint: Hidden layers are of the family mlp: aimaas train --model mlp --layers 128,64',
    );
  });

  it.each([
    ['embedingSize=4', 'Did you mean "embeddingSize"?', '--param embeddingSize=1'],
    ['foo=4', 'Known: units', '--layers 128,64'],
    ['batchNorm=3', 'expected one of off, on', '--param batchNorm=off'],
  ])('advises what to write in place of --param %s', async (param, message, instead) => {
    const { code, stderr } = await runCli(['train', '--model', 'mlp', '--param', param], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain(`hint: aimaas train --model mlp ${instead}`);
  });

  it('refuses options that would change nothing', async () => {
    const momentum = await runCli(['train', '--momentum', '0.5'], { cwd });
    expect(momentum.code).toBe(2);
    expect(momentum.stderr).toMatch(/--momentum is 0\.5, but the optimizer adam has none/);
    await writeFile(join(cwd, 'line.csv'), ['x,y', ...line(60, (x) => 3 * x + 1)].join('\n'));
    const within = ['--workspace', 'line'];
    await runJson(['collect', 'line.csv', '--target', 'y', '--type', 'x=number', ...within], { cwd });
    await runJson(['preprocess', ...within], { cwd });
    const smoothing = await runCli(['train', '--label-smoothing', '0.1', ...within], { cwd });
    expect(smoothing.code).toBe(2);
    expect(smoothing.stderr).toMatch(/--label-smoothing is 0\.1, but it is for classes/);
  });

  it.each(['--clip-norm', '--clip-weight-norm', '--clip-value'])(
    'refuses %s 0, which trains nothing',
    async (flag) => {
      const { code, stderr } = await runCli(['train', flag, '0'], { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain(`${flag} is 0, which lets no weight move; expected a number above 0.`);
    },
  );

  it('refuses a network that no memory holds', async () => {
    const { code, stderr } = await runCli(['train', '--layers', '100000000', '--members', '2'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /with dense_0\/kernel \(\d+ × 100000000 in each of 2 members\) it has [\d,]+ weights/,
    );
  });

  it('warns of a warm-up that is longer than the run', async () => {
    const { code, stderr } = await runCli([...QUICK, '--warmup', '1000'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('The warm-up of 1000 steps does not end: the run has 12');
  });

  it('says what it cannot do without validation rows', async () => {
    const within = ['--workspace', 'unheld'];
    await runJson(['collect', 'penguins.csv', '--target', 'species', ...within], { cwd });
    await runJson(['preprocess', '--split', '0.8,0,0.2', ...within], { cwd });
    const argv = ['train', '--layers', '4', '--epochs', '2', '--members', '1', ...within];
    const { code, stderr } = await runCli(argv, { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain('There are no validation rows: the weights of the last epoch are kept');
    const waiting = await runCli([...argv, '--patience', '5'], { cwd });
    expect(waiting.code).toBe(2);
    expect(waiting.stderr).toContain(
      '--patience is 5, but no improvement can be seen: there are no validation',
    );
    expect(await readdir(join(cwd, 'unheld', 'runs'))).toHaveLength(1);
    // Members hold out rows of the training split.
    await runJson(['train', '--layers', '4', '--epochs', '2', '--patience', '5', ...within], { cwd });
  });

  it('draws a straight line with the linear family, beyond the data too, in exports as well', async () => {
    await writeFile(join(cwd, 'line.csv'), ['x,y', ...line(100, (x) => 3 * x + 1)].join('\n'));
    const within = ['--workspace', 'straight'];
    await runJson(['collect', 'line.csv', '--target', 'y', '--type', 'x=number', ...within], { cwd });
    await runJson(['preprocess', ...within], { cwd });
    await runJson(['train', '--model', 'linear', '--param', 'l2=0', ...within], { cwd });
    const stdin = 'x\n150\n-60\n';
    const values = async (): Promise<number[]> =>
      (await runCli(['predict', ...within], { cwd, stdin })).stdout.trim().split('\n').slice(1).map(Number);
    const [far = NaN, below = NaN] = await values();
    expect(Math.abs(far - 451)).toBeLessThan(2);
    expect(Math.abs(below + 179)).toBeLessThan(2);
    await runJson(['export', ...within], { cwd });
    expect(await values()).toEqual([far, below]);
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

  it('stops with advice when the loss is no longer a number, in words of the command that was given', async () => {
    const argv = ['train', '--model', 'mlp', '--layers', '8', '--members', '1', '--optimizer', 'sgd'];
    const { code, stderr } = await runCli([...argv, '--learning-rate', '1e30', '--epochs', '20'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /NaN or infinite in epoch 3 at learning rate 1e\+30; the last good epoch was 2 .* are in .*weights\.safetensors/,
    );
    const hint =
      'train --model mlp --layers 8 --members 1 --optimizer sgd --learning-rate auto --clip-norm 1';
    expect(stderr).toContain(`aimaas ${hint}\n`);
    expect((await runCli([...hint.split(' '), '--epochs', '2'], { cwd })).code).toBe(0);
  });

  it('keeps the best weights before the loss ran away, to start from', async () => {
    // The penalty makes the weights grow threefold a step.
    const argv = ['train', '--model', 'linear', '--param', 'l2=1000000', '--optimizer', 'sgd'];
    const wild = ['--learning-rate', '0.001', '--epochs', '200', '--schedule', 'constant'];
    const { code, stderr } = await runCli([...argv, ...wild], { cwd });
    expect(code).toBe(3);
    const hint = /hint: aimaas (train .* --from ([0-9a-f]+) --learning-rate 0\.0001 --clip-norm 1)/.exec(
      stderr,
    );
    const [, command = '', run = ''] = hint ?? [];
    expect(command).toContain(argv.join(' '));
    const started = await runJson<Trained>([...command.split(' '), '--epochs', '5'], { cwd });
    expect(Object.values(started.validation).every(Number.isFinite)).toBe(true);
    const resumed = await runCli(['train', '--resume', run], { cwd });
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toMatch(/cannot be resumed: its loss became NaN or infinite/);
    expect(resumed.stderr).not.toMatch(/--resume [0-9a-f]/);
  });

  it('keeps no weights when not one epoch was good', async () => {
    const argv = [...QUICK, '--optimizer', 'sgd', '--learning-rate', '1e38', '--schedule', 'constant'];
    const small = ['--activation', 'relu', '--batch-size', '4'];
    const { code, stderr } = await runCli([...argv, ...small], { cwd });
    expect(code).toBe(3);
    expect(stderr).toMatch(/NaN or infinite in epoch \d .*; no epoch was good enough to keep its weights/);
    expect(stderr).not.toMatch(/--from|checkpoint/);
    const run = (await runJson<{ runs: { id: string }[] }>(['runs'], { cwd })).runs[0]?.id ?? '';
    const from = await runCli(['train', '--from', run], { cwd });
    expect(from.code).toBe(4);
    expect(from.stderr).toMatch(/is failed and has no weights to start from/);
  });

  it('goes on using the last complete run when another failed', async () => {
    const good = await runJson<Trained>(QUICK, { cwd });
    const bad = ['train', '--model', 'mlp', '--learning-rate', '1e30', '--optimizer', 'sgd', '--epochs', '7'];
    expect((await runCli(bad, { cwd })).code).toBe(3);
    const evaluated = await runJson<{ run: string }>(['evaluate'], { cwd });
    expect(evaluated.run).toBe(good.run);
    expect((await runCli(['predict', 'penguins.csv'], { cwd })).code).toBe(0);
    expect((await runJson<{ run: string }>(['export', '--format', 'onnx'], { cwd })).run).toBe(good.run);
    const missing = await runCli(['train', '--resume'], { cwd });
    expect(missing.code).toBe(4);
    expect(missing.stderr).toMatch(/has no run that was interrupted/);
  });

  describe('a run whose process was killed', () => {
    let cut: string;
    beforeAll(async () => {
      const argv = ['train', '--layers', '4', '--epochs', '30', '--members', '1'];
      const whole = await runJson<Trained>(argv, { cwd });
      cut = whole.run;
      // As the process would have left it.
      const path = join(whole.folder, 'manifest.json');
      const manifest = JSON.parse(await readFile(path, 'utf8')) as { content: object };
      const content = { ...manifest.content, state: 'training', epochs: 0 };
      await writeFile(path, JSON.stringify({ ...manifest, content }));
      await Promise.all(['network.onnx', 'predictor.json'].map((file) => rm(join(whole.folder, file))));
    });

    it('is listed as interrupted, and not the current one', async () => {
      const { runs } = await runJson<{ runs: { id: string; state: string; current: boolean }[] }>(['runs'], {
        cwd,
      });
      expect(runs.find(({ id }) => id === cut)).toMatchObject({ state: 'interrupted', current: false });
      expect((await runJson<{ run: { id: string } }>(['runs', 'show'], { cwd })).run.id).not.toBe(cut);
      const { stderr } = await runCli(['evaluate', '--run', cut], { cwd });
      expect(stderr).toMatch(/is interrupted and cannot answer yet/);
    });

    it.each([
      [['--epochs', '3'], /--epochs is 3, but run [0-9a-f]+ has 30/],
      [['--batch-size', '7'], /--batch-size is 7, but run/],
      [['--from', 'latest'], /--from is latest, but run/],
      [['--model', 'linear'], /--model is linear, but run [0-9a-f]+ has mlp/],
      [['--layers', '16'], /--layers is \[16\], but run [0-9a-f]+ has \[4\]/],
      [['--force'], /--force trains it again/],
    ])('is not resumed with %j', async (more, message) => {
      const { code, stderr } = await runCli(['train', '--resume', ...more], { cwd });
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    });

    it('is found by --resume without an id', async () => {
      const resumed = await runJson<Trained>(['train', '--resume', '--epochs', '30', '--threads', '1'], {
        cwd,
      });
      expect(resumed).toMatchObject({ run: cut, epochs: 30 });
      expect((await runJson<{ run: string }>(['evaluate'], { cwd })).run).toBe(cut);
    });
  });
});
