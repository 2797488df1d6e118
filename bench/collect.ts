/**
 * collect against pandas on the same generated CSV, each as a whole process, alternating:
 *
 *   npm run bench:collect -- PYTHON [ROWS] [ROUNDS]
 *
 * PYTHON is a Python with pandas and pyarrow; ROWS defaults to 500,000 (of 20 columns). Prints one line of JSON with the
 * medians in seconds and `ratio`, pandas / aimaas: above 1 is faster than pandas. collect also infers kinds, checks every
 * cell, hashes the file, and profiles the columns; pandas reads and writes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';

const [python, rowsText = '500000', roundsText = '3'] = process.argv.slice(2);
if (python === undefined) throw new Error('usage: npm run bench:collect -- PYTHON [ROWS] [ROUNDS]');
const rows = Number(rowsText);
const bin = fileURLToPath(new URL('../bin/aimaas.js', import.meta.url));
const script = fileURLToPath(new URL('collect_pandas.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bench-collect-'));

async function generate(path: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const columns = [
    ...Array.from({ length: 10 }, (_, i) => `round(random() * 1000, 4) AS number${i}`),
    ...Array.from({ length: 5 }, (_, i) => `CAST(random() * ${10 ** (i + 1)} AS INTEGER) AS whole${i}`),
    ...Array.from(
      { length: 4 },
      (_, i) => `CASE WHEN random() < 0.98 THEN 'level ' || CAST(random() * 30 AS INTEGER) END AS word${i}`,
    ),
    `CASE WHEN random() < 0.5 THEN 'yes' ELSE 'no' END AS target`,
  ];
  await connection.run('SELECT setseed(0.5)');
  await connection.run(`COPY (SELECT ${columns.join(', ')} FROM range(${rows})) TO '${path}' (HEADER)`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function timed(command: string, argv: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(command, argv, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} exited ${status}: ${stderr}`);
  return (performance.now() - start) / 1000;
}

try {
  const csv = join(folder, 'data.csv');
  await generate(csv);
  const ours: number[] = [];
  const theirs: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < Number(roundsText); round++) {
    rmSync(join(folder, '.aimaas'), { recursive: true, force: true });
    ours.push(timed(process.execPath, [bin, 'collect', csv, '--target', 'target', '-q']));
    again.push(timed(process.execPath, [bin, 'collect', csv, '--target', 'target', '-q']));
    theirs.push(timed(python, [script, csv, join(folder, 'pandas.parquet')]));
  }
  const inside = JSON.parse(
    execFileSync(python, [script, csv, join(folder, 'pandas.parquet')], { encoding: 'utf8' }),
  ) as object;
  console.log(
    JSON.stringify({
      bench: 'collect',
      rows,
      columns: 20,
      bytes: statSync(csv).size,
      aimaas: median(ours),
      upToDate: median(again),
      pandas: median(theirs),
      ratio: median(theirs) / median(ours),
      insidePandas: inside,
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
