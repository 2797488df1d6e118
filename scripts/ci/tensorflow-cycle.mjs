// From data to predictions with training on TensorFlow, on the command line: the run says truthfully what it was trained
// on, an interrupted run goes on to the same weights, and nothing of TensorFlow's own talk reaches the screen.
import { strict as assert } from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin', 'aimaas.js');
const folder = mkdtempSync(join(tmpdir(), 'aimaas-tensorflow-'));

function aimaas(workspace, ...args) {
  const argv = [bin, ...args, '--workspace', join(folder, workspace)];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    timeout: 300_000,
  });
  assert.equal(status, 0, `aimaas ${args.join(' ')} exited ${status}:\n${stderr}`);
  assert.doesNotMatch(stderr, /tensorflow\/|oneDNN|cpu_feature_guard|InitializeLog/i, stderr);
  return stdout.trim();
}

/** Starts a training and interrupts it once it has said that an epoch is done. */
async function interrupted(workspace, ...args) {
  const child = spawn(process.execPath, [bin, ...args, '--workspace', join(folder, workspace)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (chunk) => {
    if (/: [3-9]\/\d+ epochs/.test(String(chunk))) child.kill('SIGINT');
  });
  return new Promise((resolve) => child.on('close', resolve));
}

function weightsOf(workspace, run) {
  const file = join(folder, workspace, 'runs', run, 'weights.safetensors');
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

try {
  const cars = join(root, 'examples', 'cars', 'cars.csv');
  const training = ['train', '--engine', 'tensorflow', '--epochs', '40', '--seed', '3'];
  const weights = [];
  aimaas('prepared', 'collect', cars, '--target', 'miles_per_gallon', '-q');
  aimaas('prepared', 'preprocess', '-q');
  for (const workspace of ['whole', 'again', 'parts']) {
    cpSync(join(folder, 'prepared'), join(folder, workspace), { recursive: true });
    if (workspace === 'parts') assert.equal(await interrupted(workspace, ...training), 130);
    const result = JSON.parse(
      aimaas(workspace, ...training, ...(workspace === 'parts' ? ['--resume'] : []), '--json'),
    );
    assert.equal(result.engine.name, 'tensorflow');
    assert.match(result.engine.version, /^2\./);
    assert.ok(result.validation.r2 > 0.7, JSON.stringify(result.validation));
    weights.push(weightsOf(workspace, result.run));
  }
  assert.equal(weights[1], weights[0], 'The same command gave other weights.');
  assert.equal(weights[2], weights[0], 'An interrupted and resumed run gave other weights.');
  const evaluation = JSON.parse(aimaas('whole', 'evaluate', '--json'));
  assert.equal(evaluation.schemaVersion, 1);
  assert.match(aimaas('whole', 'export', '--name', 'cars', '-q'), /^cars\/1$/);
  const lines = aimaas('whole', 'predict', 'cars', cars).split('\n');
  assert.equal(lines[0], 'prediction');
  assert.ok(lines.length > 300 && lines.slice(1).every((line) => Number.isFinite(Number(line))));
  console.log('Trained, interrupted, resumed, evaluated, exported and predicted on TensorFlow.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
