import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MonitorResult } from '../../src/steps/monitor/result.js';
import { type CliResult, runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;

const aimaas = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd });
const monitor = async (...argv: string[]): Promise<MonitorResult> =>
  runJson<MonitorResult>(['monitor', ...argv], { cwd });

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  await runJson(['collect', PENGUINS, '--target', 'species'], { cwd });
  await runJson(['preprocess'], { cwd });
  await runJson(['train', '--model', 'linear', '--epochs', '3'], { cwd });
  await runJson(['export', '--format', 'onnx'], { cwd });
  const [head = '', ...lines] = (await readFile(PENGUINS, 'utf8')).trim().split('\n');
  const gentoo = lines.filter((line) => line.includes('Gentoo'));
  await writeFile(join(cwd, 'gentoo.csv'), [head, ...gentoo].join('\n'));
  await writeFile(join(cwd, 'few.csv'), [head, ...lines.filter((_, i) => i % 40 === 0)].join('\n'));
  const moved = lines.map((line) => line.replace(/Biscoe|Dream/, 'Elsewhere'));
  await writeFile(join(cwd, 'elsewhere.csv'), [head, ...moved].join('\n'));
});
afterAll(() => folder.dispose());

describe('aimaas monitor', () => {
  it('finds the training data stable', async () => {
    const result = await monitor('--data', PENGUINS, '--fail-over', 'psi=0.1');
    expect(result).toMatchObject({ schemaVersion: 1, model: { name: 'penguins', version: 1 } });
    expect(result.current).toMatchObject({ source: 'data', rows: 344 });
    expect(result.reference.trainingRows).toBe(241);
    expect([...result.inputs, ...result.predictions].map(({ level }) => level)).toEqual(
      Array.from({ length: 8 }, () => 'stable'),
    );
    expect(result.thresholds).toMatchObject([{ measure: 'psi', met: true, columns: [] }]);
  });

  it('exits 5 for rows of one species only, and names the columns', async () => {
    const { code, stdout, stderr } = await aimaas(
      'monitor',
      '--data',
      'gentoo.csv',
      '--fail-over',
      'psi=0.2',
    );
    expect(code).toBe(5);
    expect(stdout).toMatch(/flipper_length_mm +major +2\.\d/);
    expect(stderr).toMatch(/Threshold not met: psi is over 0\.2 in .*island/);
    const { predictions, thresholds } = JSON.parse(
      (await aimaas('monitor', '--data', 'gentoo.csv', '--fail-over', 'prediction_psi=0.2', '--json')).stdout,
    ) as MonitorResult;
    expect(predictions[0]).toMatchObject({ name: 'prediction', level: 'major' });
    expect(thresholds[0]?.met).toBe(false);
  });

  it('tells new categories', async () => {
    const argv = ['monitor', '--data', 'elsewhere.csv', '--fail-over', 'unseen=0.5', '--json'];
    const { code, stdout } = await aimaas(...argv);
    expect(code).toBe(5);
    const { inputs } = JSON.parse(stdout) as MonitorResult;
    expect(inputs[0]).toMatchObject({ name: 'island', level: 'major' });
    expect(inputs[0]?.unseen).toBeGreaterThan(0.8);
  });

  it('does not alarm of few rows, and says how many are needed', async () => {
    const { code, stderr } = await aimaas('monitor', '--data', 'few.csv', '--fail-over', 'psi=0.2');
    expect(code).toBe(0);
    expect(stderr).toMatch(/9 rows are too few to tell for .* About \d+ would be enough/);
  });

  it('writes a report that needs nothing else, with plots', async () => {
    const { files, output } = await monitor('--data', 'gentoo.csv', '--output', 'drift');
    expect(files).toContain('report.html');
    const html = await readFile(join(String(output), 'report.html'), 'utf8');
    expect(html).toContain('Drift of penguins/1');
    expect(html).toContain('flipper_length_mm');
    expect(html.match(/<figure/g)).toHaveLength(8);
    expect(html).not.toMatch(/(?:src|href)=["']?http/);
    const json = JSON.parse(await readFile(join(String(output), 'drift.json'), 'utf8')) as MonitorResult;
    expect(json.inputs[0]?.level).toBe('major');
  });

  it('prints the largest index with -q', async () => {
    const { stdout } = await aimaas('monitor', '--data', 'gentoo.csv', '-q');
    expect(Number(stdout)).toBeGreaterThan(1);
  });

  it('reads a prediction log, filtered by model, version and time, with masked columns', async () => {
    const line = (time: string, version: number, more: object): string =>
      JSON.stringify({
        time,
        model: 'penguins',
        version,
        inputs: { island: 'Biscoe', body_mass_g: 5200, flipper_length_mm: 220, beak_depth_mm: 14, sex: null },
        prediction: 'Gentoo',
        probabilities: { Adelie: 0.1, Chinstrap: 0.1, Gentoo: 0.8 },
        ...more,
      });
    const recent = new Date(Date.now() - 60_000).toISOString();
    await mkdir(join(cwd, 'log'), { recursive: true });
    const lines = [
      ...Array.from({ length: 80 }, () => line(recent, 1, {})),
      ...Array.from({ length: 5 }, () => line(recent, 2, {})),
      ...Array.from({ length: 7 }, () => line('2020-01-01T00:00:00.000Z', 1, {})),
      '{"time": "2020-01-01T00:0',
    ];
    await writeFile(join(cwd, 'log', 'predictions-1.jsonl'), `${lines.join('\n')}\n`);
    const all = await monitor('--log', 'log');
    expect(all.current).toMatchObject({ source: 'log', rows: 87, unreadable: 1, last: recent });
    const last = await monitor('--log', 'log', '--since', '1h');
    expect(last.current.rows).toBe(80);
    expect(last.inputs.find(({ name }) => name === 'beak_length_mm')?.level).toBe('absent');
    expect(last.warnings.join(' ')).toMatch(/No row has "beak_length_mm": masked/);
    expect(last.predictions[0]?.level).toBe('major');
  });

  it.each([
    [['monitor'], 2, /neither of --data and --log/],
    [['monitor', '--data', 'gentoo.csv', '--log', 'log'], 2, /both of --data and --log/],
    [['monitor', '--data', 'gentoo.csv', '--fail-over', 'psy=0.2'], 2, /no measure "psy".*psi/],
    [['monitor', '--data', 'gentoo.csv', '--fail-over', 'psi'], 2, /Expected MEASURE=NUMBER/],
    [['monitor', '--log', 'nowhere'], 3, /There is no prediction log: nowhere/],
    [['monitor', '--log', 'log', '--since', '1s'], 3, /no predictions of penguins\/1.*others?/],
    [['monitor', 'penguins/9', '--data', 'gentoo.csv'], 4, /version 9/],
  ])('explains itself: %j', async (argv, exit, message) => {
    const { code, stderr } = await aimaas(...argv);
    expect(stderr).toMatch(message);
    expect(code).toBe(exit);
  });

  it('says how to make a reference where a bundle has none', async () => {
    await runJson(['export', '--format', 'onnx', '--name', 'old', '--output', 'old'], { cwd });
    await rm(join(cwd, 'old', 'reference.json'));
    const { code, stderr } = await aimaas('monitor', './old', '--data', 'gentoo.csv');
    expect(code).toBe(4);
    expect(stderr).toMatch(/hint: aimaas export --run [0-9a-f]+ --force/);
  });
});
