/**
 * Training here against Keras and PyTorch on the same work, in alternation:
 *
 *   npm run bench:train -- [--peers VENV] [--work autoencoder,binary] [--rounds 3] [--epochs 5] [--threads N] [--json]
 *
 * VENV is a Python environment with numpy, keras, tensorflow-cpu or jax, and torch; what it lacks is left out, and without
 * it only our engines are timed. A line for each work and engine: {work, engine, samplesPerSecond, bestPeer, ratio,
 * compileSeconds, wholeSeconds, wholeRatio, peers}. Figures are medians over the rounds. ratio is our samples/s over the
 * fastest peer's; wholeRatio is the time of Keras' whole process (TensorFlow), start included, over ours.
 */
import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { probeEngines } from '../src/engines/index.js';
import { WORKS } from './works.js';

const PEERS = ['keras-tensorflow', 'keras-jax', 'torch'] as const;

/** Whole epochs of one process: enough to be steady, few enough for eight works and three peers. */
const EPOCHS = '5';

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    work: { type: 'string', default: Object.keys(WORKS).join(',') },
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: EPOCHS },
    threads: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

interface Timing {
  readonly samplesPerSecond: number;
  readonly compileSeconds?: number;
  readonly wholeSeconds: number;
}

const folder = import.meta.dirname;
const root = join(folder, '..');
// Compiled, as an installed aimaas is; below node_modules, so that the packages are found from there.
const compiled = join(root, 'node_modules', '.cache', 'aimaas-bench');
const compiler = ['-p', root, '--noEmit', 'false', '--outDir', compiled];
await promisify(execFile)(join(root, 'node_modules', '.bin', 'tsc'), compiler);
await copyFile(join(root, 'package.json'), join(compiled, 'package.json'));

/** Runs one process to its end and adds the time it took as a whole. */
async function timed(command: string, args: readonly string[]): Promise<Timing | undefined> {
  const started = performance.now();
  try {
    const { stdout } = await promisify(execFile)(command, [...args], { timeout: 600_000 });
    const line = stdout.trim().split('\n').at(-1) ?? '';
    return { ...(JSON.parse(line) as Timing), wholeSeconds: (performance.now() - started) / 1000 };
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    console.error(`${command} ${args.join(' ')}: ${reason}`);
    return undefined;
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function medians(timings: readonly (Timing | undefined)[]): Timing | undefined {
  const known = timings.filter((timing) => timing !== undefined);
  if (known.length === 0) return undefined;
  return {
    samplesPerSecond: median(known.map((timing) => timing.samplesPerSecond)),
    compileSeconds: median(known.map((timing) => timing.compileSeconds ?? NaN)),
    wholeSeconds: median(known.map((timing) => timing.wholeSeconds)),
  };
}

/** The engines that can run here; the reference is for tests and too slow to wait for. */
const engines = (await probeEngines())
  .filter(({ name, available }) => available && name !== 'reference')
  .map(({ name }) => name);

for (const work of values.work.split(',')) {
  if (WORKS[work] === undefined) {
    throw new Error(`There is no workload "${work}"; there are ${Object.keys(WORKS).join(', ')}.`);
  }
  const ours = new Map(engines.map((name): [string, (Timing | undefined)[]] => [name, []]));
  const theirs = new Map(PEERS.map((peer): [string, (Timing | undefined)[]] => [peer, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [engine, timings] of ours) {
      const script = join(compiled, 'bench', 'train-work.js');
      const threads = values.threads === undefined ? [] : [values.threads];
      timings.push(await timed(process.execPath, [script, work, engine, values.epochs, ...threads]));
    }
    if (values.peers === undefined) continue;
    for (const [peer, timings] of theirs) {
      // A peer that is not installed need not be tried again.
      if (round > 0 && timings.every((timing) => timing === undefined)) continue;
      const script = join(folder, 'train_peers.py');
      const args = [script, '--peer', peer, '--work', work, '--epochs', values.epochs];
      timings.push(await timed(join(values.peers, 'bin', 'python'), args));
    }
  }
  const peers = new Map(
    [...theirs].flatMap(([peer, timings]): [string, Timing][] => {
      const timing = medians(timings);
      return timing === undefined ? [] : [[peer, timing]];
    }),
  );
  for (const [engine, timings] of ours) report(work, engine, medians(timings), peers);
}

function report(work: string, engine: string, own: Timing | undefined, peers: Map<string, Timing>): void {
  if (own === undefined) {
    console.error(`${work} did not run on ${engine}`);
    process.exitCode = 1;
    return;
  }
  const [best] = [...peers].sort(([, a], [, b]) => b.samplesPerSecond - a.samplesPerSecond);
  const keras = peers.get('keras-tensorflow');
  const line = {
    work,
    engine,
    samplesPerSecond: own.samplesPerSecond,
    bestPeer: best?.[0] ?? null,
    ratio: best === undefined ? null : own.samplesPerSecond / best[1].samplesPerSecond,
    compileSeconds: own.compileSeconds,
    wholeSeconds: own.wholeSeconds,
    wholeRatio: keras === undefined ? null : keras.wholeSeconds / own.wholeSeconds,
    peers: Object.fromEntries(peers),
  };
  if (values.json) {
    console.log(JSON.stringify(line));
    return;
  }
  const compile = own.compileSeconds?.toFixed(2) ?? '?';
  console.log(`${work} on ${engine}: ${own.samplesPerSecond} samples/s, compiled in ${compile} s`);
  for (const [peer, timing] of peers) console.log(`  ${peer}: ${timing.samplesPerSecond} samples/s`);
  if (line.ratio !== null) console.log(`  ${line.ratio.toFixed(2)} × the fastest peer (${line.bestPeer})`);
  if (line.wholeRatio !== null)
    console.log(`  ${line.wholeRatio.toFixed(1)} × as fast as Keras, whole process`);
}
