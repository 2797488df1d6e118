import { join } from 'node:path';
import process from 'node:process';
import { runProcess } from './process.js';

/**
 * The program of images and executables that serve one bundle: `aimaas serve` with the bundle that lies beside this file
 * (or in AIMAAS_MODEL), and the options that were given. It is bundled into one file; see scripts/standalone.mjs.
 */
const model = process.env['AIMAAS_MODEL'] ?? join(__dirname, 'model');
const [node = 'node', script = 'server.cjs', ...words] = process.argv;
process.argv = [node, script, 'serve', model, ...words];
void runProcess();
