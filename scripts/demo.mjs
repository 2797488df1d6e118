// Takes the penguins example through all seven verbs and asks the server for a prediction: `npm run demo`.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin', 'aimaas.js');
const folder = mkdtempSync(join(tmpdir(), 'aimaas-demo-'));
cpSync(join(root, 'examples', 'penguins', 'penguins.csv'), join(folder, 'penguins.csv'));

/** Runs a verb as a user would, in the demo's folder. */
function aimaas(...args) {
  console.log(`\n$ aimaas ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error(`aimaas ${args[0]} ended with exit code ${status}`);
}

/** Starts the server, asks it one question, and stops it. */
async function serveOnce() {
  console.log('\n$ aimaas serve penguins --port 0');
  const server = spawn(process.execPath, [bin, 'serve', 'penguins', '--port', '0', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  try {
    const line = await new Promise((resolve, reject) => {
      let text = '';
      server.stdout.on('data', (chunk) => {
        text += chunk;
        try {
          resolve(JSON.parse(text));
        } catch {
          // Not the whole document yet.
        }
      });
      ended.then((code) => reject(new Error(`the server ended with exit code ${code}`)));
      setTimeout(() => reject(new Error('the server did not start within 30 seconds')), 30_000).unref();
    });
    const record = {
      island: 'Dream',
      beak_length_mm: 46.5,
      beak_depth_mm: 17.9,
      flipper_length_mm: 192,
      body_mass_g: 3500,
      sex: 'female',
    };
    console.log(
      `\n$ curl -s ${line.url}/predict -H 'content-type: application/json' -d '${JSON.stringify({ records: [record] })}'`,
    );
    const response = await fetch(`${line.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records: [record] }),
    });
    const answer = await response.json();
    console.log(JSON.stringify(answer, null, 2));
    if (response.status !== 200 || answer.predictions.length !== 1)
      throw new Error('the server gave no prediction');
  } finally {
    server.kill('SIGTERM');
    await ended;
  }
}

try {
  aimaas('collect', 'penguins.csv', '--target', 'species');
  aimaas('preprocess');
  aimaas('train');
  aimaas('evaluate');
  aimaas('optimize', '--trials', '4', '--time', '60s');
  aimaas('export', '--name', 'penguins');
  await serveOnce();
  console.log(`\nAll seven verbs ran, and the model answered over HTTP.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
