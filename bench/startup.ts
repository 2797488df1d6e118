/**
 * How long `aimaas --help` takes beside bare Node, in alternation:
 *
 *   npm run bench:startup -- [--rounds 30]
 *
 * Prints medians in milliseconds and their ratio (goal: at most 1.5).
 */
import { spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' } } });
const bin = join(import.meta.dirname, '..', 'bin', 'aimaas.js');

function milliseconds(args: readonly string[]): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [...args], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`);
  return performance.now() - started;
}

const bare: number[] = [];
const help: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  bare.push(milliseconds(['-e', '0']));
  help.push(milliseconds([bin, '--help']));
}
const median = (numbers: number[]): number =>
  numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
const [node, aimaas] = [median(bare), median(help)];
console.log(
  JSON.stringify({
    node: Math.round(node),
    help: Math.round(aimaas),
    ratio: Number((aimaas / node).toFixed(2)),
  }),
);
