import { join } from 'node:path';
import process from 'node:process';
import { runProcess } from './process.js';

/**
 * The program of images and executables that serve one bundle: `aimaas serve` with the bundle that lies beside this file
 * (or in AIMAAS_MODEL), and the options that were given. With `--workers` it is also what the workers run. It is bundled
 * into one file; see scripts/standalone.mjs.
 */
function serve(): Promise<void> {
  const model = process.env['AIMAAS_MODEL'] ?? join(__dirname, 'model');
  // It is for this file, not a setting of serve.
  delete process.env['AIMAAS_MODEL'];
  const [node = 'node', script = 'server.cjs', ...words] = process.argv;
  process.argv = [node, script, 'serve', model, ...words];
  return runProcess();
}

const isWorker = process.env['AIMAAS_WORKER'] !== undefined && process.send !== undefined;
void (isWorker ? import('./steps/serve/worker-main.js') : serve());
