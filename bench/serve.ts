/**
 * aimaas serve against a FastAPI server, with the same ONNX network (dense, 20 → 128 → 64 → 2) on the same cores.
 *
 *   npm run bench:serve -- --peers VENV [--app FILE] [--workers N] [--seconds 4] [--rounds 3] [--json]
 *
 * VENV is a Python environment with fastapi, uvicorn, uvloop, httptools, onnxruntime and numpy. The load comes from wrk
 * where it is installed, else from autocannon, which takes more of the cores that it shares with the servers. Servers
 * take turns, so that a busy moment of the machine hits both; figures are medians over the rounds. A line for every load:
 * {connections, rows, workers, requestsPerSecond, p50, p99, ratio, p99Ratio} and the peer's own, latencies in
 * milliseconds. ratio is our requests/s over the peer's, p99Ratio our p99 over the peer's. Without --workers there is one,
 * the default of `aimaas serve`.
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

const FEATURES = 20;
const TRAINING_ROWS = 2000;
const LOADS = [
  { connections: 1, rows: 1 },
  { connections: 32, rows: 1 },
  { connections: 256, rows: 1 },
  { connections: 32, rows: 64 },
] as const;

const ROOT = process.cwd();
const AIMAAS = join(ROOT, 'bin', 'aimaas.js');
const AUTOCANNON = join(ROOT, 'node_modules', 'autocannon', 'autocannon.js');

interface Measurement {
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
}

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string' },
    app: { type: 'string', default: join(ROOT, 'bench', 'serve_fastapi.py') },
    workers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** A CSV whose class depends on its numbers. */
function trainingData(): string {
  const names = Array.from({ length: FEATURES }, (_, i) => `x${i}`);
  const lines = [[...names, 'y'].join(',')];
  for (let row = 0; row < TRAINING_ROWS; row++) {
    const values = names.map((_, i) => Math.sin((row + 1) * (i + 1) * 1.7));
    const sum = values.reduce((total, value, i) => total + value * ((i % 5) - 2), 0);
    lines.push([...values.map((value) => value.toFixed(6)), sum > 0 ? 'yes' : 'no'].join(','));
  }
  return `${lines.join('\n')}\n`;
}

async function aimaas(cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [AIMAAS, ...args, '-q'], { cwd });
  return stdout.trim();
}

/** Trains the network both servers answer with; gives the folder of its run. */
async function makeModel(cwd: string): Promise<string> {
  await writeFile(join(cwd, 'data.csv'), trainingData());
  await aimaas(cwd, 'collect', 'data.csv', '--target', 'y');
  await aimaas(cwd, 'preprocess');
  const shape = ['--model', 'mlp', '--layers', '128,64', '--members', '1'];
  const run = await aimaas(cwd, 'train', ...shape, '--epochs', '3');
  return join(cwd, '.aimaas', 'runs', run);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function stopper(child: ChildProcess): () => Promise<void> {
  return async () => {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };
}

async function startAimaas(folder: string): Promise<Server> {
  const child = spawn(process.execPath, [
    AIMAAS,
    'serve',
    folder,
    '--port',
    '0',
    '--workers',
    options.workers,
    '-q',
  ]);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { model } = (await (
    await fetch(`${line}/predict`, { method: 'POST', body: '{"records":[]}' })
  ).json()) as { model: { name: string } };
  return { url: `${line}/v1/models/${model.name}:predict`, stop: stopper(child) };
}

async function startPeer(venv: string, folder: string): Promise<Server> {
  const port = await freePort();
  const app = resolve(options.app);
  const name = app.slice(app.lastIndexOf('/') + 1).replace(/\.py$/, '');
  const flags = ['--loop', 'uvloop', '--http', 'httptools', '--log-level', 'warning'];
  const child = spawn(join(venv, 'bin', 'uvicorn'), [`${name}:app`, '--port', String(port), ...flags], {
    cwd: resolve(app, '..'),
    env: { ...process.env, MODEL: join(folder, 'network.onnx'), PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const base = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`uvicorn ended with ${child.exitCode}.`);
    const up = await fetch(`${base}/openapi.json`).then(
      () => true,
      () => false,
    );
    if (up) return { url: `${base}/v1/models/m:predict`, stop: stopper(child) };
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error('uvicorn did not start within 30 seconds.');
}

interface Autocannon {
  (
    options: object,
    done: (error: Error | null, result: { non2xx: number; errors: number }) => void,
  ): {
    on(
      event: 'response',
      listener: (client: unknown, status: number, bytes: number, time: number) => void,
    ): void;
  };
}

/** The body of a request, in TensorFlow Serving's form, which both servers speak. */
function bodyOf(rows: number): string {
  const row = Array.from({ length: FEATURES }, (_, i) => (i === FEATURES - 1 ? 0.5 : 0.123456));
  return JSON.stringify({ instances: Array.from({ length: rows }, () => row) });
}

const hasWrk = spawnSync('wrk', ['--version']).error === undefined;

/** Loads a server for some seconds. */
function load(url: string, connections: number, rows: number, seconds: number): Promise<Measurement> {
  return (hasWrk ? loadByWrk : loadByAutocannon)(url, connections, bodyOf(rows), seconds);
}

async function loadByWrk(
  url: string,
  connections: number,
  body: string,
  seconds: number,
): Promise<Measurement> {
  const script = join(folder, `load-${body.length}.lua`);
  await writeFile(
    script,
    `wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '${body}'
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
`,
  );
  const argv = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url];
  const { stdout } = await promisify(execFile)('wrk', argv);
  const found = /^RESULT (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout);
  if (found === null) throw new Error(`wrk said: ${stdout}`);
  const [requests = NaN, microseconds = NaN, p50 = NaN, p99 = NaN, failed = NaN] = found.slice(1).map(Number);
  if (failed > 0) throw new Error(`${failed} requests failed.`);
  return { requestsPerSecond: requests / (microseconds / 1e6), p50: p50 / 1000, p99: p99 / 1000 };
}

/** Latencies are taken as they come, because autocannon's own are whole numbers. */
async function loadByAutocannon(
  url: string,
  connections: number,
  body: string,
  seconds: number,
): Promise<Measurement> {
  const { default: autocannon } = (await import(AUTOCANNON)) as { default: Autocannon };
  const times: number[] = [];
  const started = performance.now();
  await new Promise<void>((done, fail) => {
    const headers = { 'content-type': 'application/json' };
    const request = { url, method: 'POST', headers, body, connections, duration: seconds };
    const instance = autocannon(request, (error, { non2xx, errors }) => {
      if (error !== null) fail(error);
      else if (non2xx + errors > 0) fail(new Error(`${non2xx} requests were refused and ${errors} failed.`));
      else done();
    });
    instance.on('response', (_client, _status, _bytes, time) => times.push(time));
  });
  const elapsed = (performance.now() - started) / 1000;
  const sorted = Float64Array.from(times).sort();
  const at = (quantile: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? NaN;
  return { requestsPerSecond: times.length / elapsed, p50: at(0.5), p99: at(0.99) };
}

function summary(measurements: readonly Measurement[]): Measurement {
  const of = (key: keyof Measurement): number => median(measurements.map((one) => one[key]));
  return { requestsPerSecond: of('requestsPerSecond'), p50: of('p50'), p99: of('p99') };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** Measures both servers at one load, taking turns. */
async function compare(
  ours: Server,
  peer: Server | undefined,
  connections: number,
  rows: number,
): Promise<object> {
  const seconds = Number(options.seconds);
  const mine: Measurement[] = [];
  const theirs: Measurement[] = [];
  for (const server of [ours, peer]) if (server !== undefined) await load(server.url, connections, rows, 1);
  for (let round = 0; round < Number(options.rounds); round++) {
    mine.push(await load(ours.url, connections, rows, seconds));
    if (peer !== undefined) theirs.push(await load(peer.url, connections, rows, seconds));
  }
  const [our, their] = [summary(mine), summary(theirs)];
  const known = peer !== undefined;
  return {
    connections,
    rows,
    workers: Number(options.workers),
    requestsPerSecond: Math.round(our.requestsPerSecond),
    p50: rounded(our.p50),
    p99: rounded(our.p99),
    ratio: known ? rounded(our.requestsPerSecond / their.requestsPerSecond) : null,
    p99Ratio: known ? rounded(our.p99 / their.p99) : null,
    peer: known
      ? {
          requestsPerSecond: Math.round(their.requestsPerSecond),
          p50: rounded(their.p50),
          p99: rounded(their.p99),
        }
      : null,
  };
}

const folder = await mkdtemp(join(tmpdir(), 'aimaas-bench-'));
const running: Server[] = [];
try {
  const run = await makeModel(folder);
  const ours = await startAimaas(run);
  running.push(ours);
  const peer = options.peers === undefined ? undefined : await startPeer(resolve(options.peers), run);
  if (peer !== undefined) running.push(peer);
  for (const { connections, rows } of LOADS) {
    console.log(JSON.stringify(await compare(ours, peer, connections, rows)));
  }
} finally {
  await Promise.all(running.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
}
