/**
 * The engine `tensorflow` against tfjs-node-gpu's own model.fit on the same network, data and batch size, in alternation,
 * and the memory of 10,000 steps:
 *
 *   npm run bench:tensorflow -- [--rounds 3] [--epochs 20] [--json]
 *
 * Needs TensorFlow: aimaas engines install tensorflow. A line {session, fit, ratio, rss}: samples/s as medians over the
 * rounds, and megabytes of the process with TensorFlow in it after so many steps.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { parseArgs, promisify } from 'node:util';
import { float32 } from '../src/core/tensor.js';
import { engine as engineNamed } from '../src/engines/index.js';
import { requireInstallation } from '../src/engines/tensorflow/installation.js';
import { startedHost } from '../src/engines/tensorflow/hosts.js';
import { GraphBuilder } from '../src/graph/builder.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});

const root = join(import.meta.dirname, '..');
const cache = join(root, 'node_modules', '.cache', 'aimaas-tfjs-node');

/** A copy of the package with the installed addon where it looks for it; node_modules itself stays as it is. */
async function packageWithAddon(): Promise<string> {
  const source = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  await rm(cache, { recursive: true, force: true });
  await mkdir(join(cache, 'lib', `napi-v${process.versions.napi}`), { recursive: true });
  for (const name of ['dist', 'package.json'])
    await cp(join(source, name), join(cache, name), { recursive: true });
  const { binary } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as {
    binary: { napi_versions: number[] };
  };
  const abi = Math.max(...binary.napi_versions.filter((version) => version <= Number(process.versions.napi)));
  await mkdir(join(cache, 'lib', `napi-v${abi}`), { recursive: true });
  await cp(requireInstallation().addon, join(cache, 'lib', `napi-v${abi}`, 'tfjs_binding.node'));
  return cache;
}

async function rate(script: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, NODE_PATH: join(root, 'node_modules'), TF_CPP_MIN_LOG_LEVEL: '3' };
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, script, ...args], {
    env,
  });
  return (JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { samplesPerSecond: number })
    .samplesPerSecond;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** Megabytes of the process with TensorFlow in it after 1, 2, … parts of 10,000 training steps. */
async function memory(): Promise<number[]> {
  const builder = new GraphBuilder();
  const [weight, x] = [builder.input('w', [100, 100]), builder.input('x', [32, 100])];
  const rate = builder.input('rate', []);
  const y = builder.op('BatchMatMul', [x, weight]);
  const gradient = builder.op('BatchMatMul', [x, builder.op('Sub', [y, x])], { transposeA: true });
  builder.output("w'", builder.op('Sub', [weight, builder.op('Multiply', [gradient, rate])]));
  builder.output('y', builder.op('Sum', [y], { axis: null, keepDims: false }));
  const step = {
    graph: builder.build(),
    state: [{ input: 'w', output: "w'" }],
    rows: ['x'],
    indexShape: [32],
    perStep: ['rate'],
    resident: [],
    results: ['y'],
  };
  const session = await (await engineNamed('tensorflow')).compileTraining(step, {});
  await session.load({ x: float32([1000, 100], new Float32Array(100_000).fill(0.01)) });
  await session.writeState({ w: float32([100, 100], new Float32Array(10_000)) });
  const { host } = await startedHost({});
  const used: number[] = [];
  for (let part = 0; part < 5; part++) {
    for (let i = 0; i < 20; i++) {
      await session.run({
        count: 100,
        indices: Int32Array.from({ length: 3200 }, (_, k) => (k * 7) % 1000),
        perStep: { rate: float32([100], new Float32Array(100).fill(1e-3)) },
      });
    }
    const status = await readFile(`/proc/${host.pid}/status`, 'utf8').catch(() => '');
    used.push(Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024));
  }
  await session.dispose();
  return used;
}

const folder = await packageWithAddon();
const [session, fit]: [number[], number[]] = [[], []];
for (let round = 0; round < Number(values.rounds); round++) {
  const work = join(import.meta.dirname, 'train-work.ts');
  session.push(await rate(work, ['autoencoder', 'tensorflow', values.epochs]));
  fit.push(await rate(join(import.meta.dirname, 'tfjs-node-fit.mjs'), [folder, values.epochs]));
}
const line = {
  session: median(session),
  fit: median(fit),
  ratio: median(session) / median(fit),
  rss: await memory(),
};
if (values.json) console.log(JSON.stringify(line));
else {
  console.log(`session ${line.session} samples/s, model.fit ${line.fit}: ${line.ratio.toFixed(1)} ×`);
  console.log(`memory after 2,000, 4,000 … 10,000 steps: ${line.rss.join(', ')} MB`);
}
