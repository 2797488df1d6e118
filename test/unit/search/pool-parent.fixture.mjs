// A process with a worker that waits, to be killed by a test; says the worker's process id.
import { fileURLToPath } from 'node:url';
import { ProcessPool } from '../../../dist/search/pool.js';

const entry = fileURLToPath(new URL('worker.fixture.mjs', import.meta.url));
void new ProcessPool({ entry, jobs: 1, grace: 1000 }).run({ do: 'wait' }, (pid) => {
  process.stdout.write(`${pid}\n`);
  return null;
});
