import { cp, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnCli, temporaryFolder } from '../helpers/cli.js';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

type Evaluation = { readonly metrics: Record<string, number> };

async function json<T>(argv: readonly string[], cwd: string): Promise<T> {
  const { code, stdout, stderr } = await spawnCli([...argv, '--json'], { cwd });
  if (code !== 0) throw new Error(`aimaas ${argv.join(' ')} exited ${code}:\n${stderr}`);
  return JSON.parse(stdout) as T;
}

/** What a fresh model of each example must reach on rows it has never seen: a little below scikit-learn's best. */
const EXPECTED: Readonly<Record<string, readonly [metric: string, least: number]>> = {
  penguins: ['accuracy', 0.96],
  'breast-cancer': ['roc_auc', 0.97],
  cars: ['r2', 0.8],
};

describe.each(Object.keys(EXPECTED))('the %s example', (name) => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await cp(join(EXAMPLES, name), folder.path, { recursive: true });
  });
  afterAll(() => folder.dispose());

  it('goes from its file to an exported model with `aimaas run`, and then has nothing to do', async () => {
    const first = await spawnCli(['run'], { cwd: folder.path });
    expect(first.stderr).not.toMatch(/error/i);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('aimaas serve');
    const again = await spawnCli(['run'], { cwd: folder.path });
    expect(again.code).toBe(0);
    expect(await readdir(join(folder.path, '.aimaas', 'runs'))).toHaveLength(1);
  });

  it('is good on rows it has not seen, better than the trivial baseline', async () => {
    const [metric, least] = EXPECTED[name] as readonly [string, number];
    const { stdout } = await spawnCli(['evaluate', '--metric', metric, '-q'], { cwd: folder.path });
    expect(Number(stdout)).toBeGreaterThanOrEqual(least);
  });

  it('predicts a line for every line, in order, from a file and from stdin alike', async () => {
    const file = (await readdir(folder.path)).find((entry) => entry.endsWith('.csv')) as string;
    const text = await readFile(join(folder.path, file), 'utf8');
    const fromFile = await spawnCli(['predict', basename(file)], { cwd: folder.path });
    expect(fromFile.code).toBe(0);
    expect(fromFile.stdout.trimEnd().split('\n')).toHaveLength(text.trimEnd().split('\n').length);
    const fromStdin = await spawnCli(['predict', '-'], { cwd: folder.path, stdin: text });
    expect(fromStdin.stdout).toBe(fromFile.stdout);
  });
});

describe('the verbs one by one', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    await cp(join(EXAMPLES, 'penguins', 'penguins.csv'), join(folder.path, 'penguins.csv'));
  });
  afterAll(() => folder.dispose());

  it('chain without ids to copy', async () => {
    const cwd = folder.path;
    await json(['collect', 'penguins.csv', '--target', 'species'], cwd);
    await json(['preprocess', '--seed', '3'], cwd);
    const { run } = await json<{ run: string }>(['train', '--epochs', '60', '--members', '4'], cwd);
    const before = await json<Evaluation>(['evaluate', '--metric', 'accuracy'], cwd);
    await json(['optimize', '--trials', '2', '--jobs', '1', '--time', '60s'], cwd);
    await json(['export', '--run', run, '--name', 'penguins', '--alias', 'champion'], cwd);
    const models = await json<Record<string, unknown>>(['models', 'list'], cwd);
    expect(JSON.stringify(models)).toContain('champion');
    expect(JSON.stringify(before)).toMatch(/accuracy/);
    const failed = await spawnCli(['evaluate', '--fail-under', 'accuracy=1.01'], { cwd });
    expect(failed.code).toBe(5);
  });

  it('repeat to the bit in another workspace', async () => {
    const weights = async (workspace: string): Promise<Buffer> => {
      const options = ['--workspace', workspace];
      await json(['collect', 'penguins.csv', '--target', 'species', ...options], folder.path);
      await json(['preprocess', ...options], folder.path);
      const train = ['train', '--epochs', '20', '--members', '2', ...options];
      const { folder: run } = await json<{ folder: string }>(train, folder.path);
      return readFile(join(run, 'weights.safetensors'));
    };
    expect((await weights('one')).equals(await weights('two'))).toBe(true);
  });
});
