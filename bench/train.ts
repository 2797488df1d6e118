/**
 * Training here against Keras and PyTorch on the same work, in alternation:
 *
 *   npm run bench:train -- [--peers VENV] [--work autoencoder,binary] [--rounds 3] [--epochs 20] [--json]
 *
 * VENV is a Python environment with numpy, keras, tensorflow-cpu or jax, and torch; without it only our engine is timed.
 * A line for each work: {work, engine, samplesPerSecond, compileSeconds, wholeSeconds, peers, bestPeer, ratio,
 * wholeRatio}. Figures are medians over the rounds. ratio is our samples/s over the fastest peer's; wholeRatio is the
 * time of Keras' whole process (TensorFlow) over ours.
 */
import { execFile } from 'node:child_process';
import { copyFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';

const PEERS = ['keras-tensorflow', 'keras-jax', 'torch'] as const;

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    work: { type: 'string', default: 'autoencoder,binary' },
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '20' },
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
    console.error(
      `${command} ${args.join(' ')}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
    );
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

for (const work of values.work.split(',')) {
  const ours: (Timing | undefined)[] = [];
  const theirs = new Map<string, (Timing | undefined)[]>(PEERS.map((peer) => [peer, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    const script = join(compiled, 'bench', 'train-work.js');
    ours.push(await timed(process.execPath, [script, work, 'onnxruntime', values.epochs]));
    if (values.peers === undefined) continue;
    for (const peer of PEERS) {
      const python = join(values.peers, 'bin', 'python');
      const args = [
        join(folder, 'train_peers.py'),
        '--peer',
        peer,
        '--work',
        work,
        '--epochs',
        values.epochs,
      ];
      theirs.get(peer)?.push(await timed(python, args));
    }
  }
  const own = medians(ours);
  if (own === undefined) throw new Error(`${work} did not run`);
  const peers = Object.fromEntries([...theirs].map(([peer, timings]) => [peer, medians(timings)]));
  const known = Object.entries(peers).filter((entry): entry is [string, Timing] => entry[1] !== undefined);
  const best = known.sort(([, a], [, b]) => b.samplesPerSecond - a.samplesPerSecond)[0];
  const keras = peers['keras-tensorflow'];
  const line = {
    work,
    engine: 'onnxruntime',
    samplesPerSecond: own.samplesPerSecond,
    compileSeconds: own.compileSeconds,
    wholeSeconds: own.wholeSeconds,
    peers,
    bestPeer: best?.[0] ?? null,
    ratio: best === undefined ? null : own.samplesPerSecond / best[1].samplesPerSecond,
    wholeRatio: keras === undefined ? null : keras.wholeSeconds / own.wholeSeconds,
  };
  if (values.json) console.log(JSON.stringify(line));
  else {
    console.log(
      `${work}: ${own.samplesPerSecond} samples/s, compiled in ${own.compileSeconds?.toFixed(2)} s`,
    );
    for (const [peer, timing] of known) console.log(`  ${peer}: ${timing.samplesPerSecond} samples/s`);
    if (line.ratio !== null) console.log(`  ${line.ratio.toFixed(2)} × the fastest peer (${line.bestPeer})`);
    if (line.wholeRatio !== null)
      console.log(`  ${line.wholeRatio.toFixed(1)} × as fast as Keras, whole process`);
  }
}
