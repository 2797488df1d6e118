import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BundleManifest } from '../../src/core/bundle.js';
import { silentReporter } from '../../src/core/reporter.js';
import { exportModel, type ExportResult } from '../../src/steps/export/export.js';
import { sha256OfFile } from '../../src/workspace/hash.js';
import { exists } from '../../src/workspace/workspace.js';
import { type CliResult, runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
let run: string;

const aimaas = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd });

/** Collects, preprocesses and trains in a workspace of its own. */
async function trained(
  workspace: string,
  source: string,
  target: string,
  ...more: string[]
): Promise<string> {
  const within = ['--workspace', workspace];
  await runJson(['collect', source, '--target', target, ...more, ...within], { cwd });
  await runJson(['preprocess', ...within], { cwd });
  const result = await runJson(['train', '--model', 'linear', '--epochs', '3', ...within], { cwd });
  return String(result.run);
}

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  run = await trained('.aimaas', PENGUINS, 'species');
});
afterAll(() => folder.dispose());

const readManifest = async (dir: string): Promise<BundleManifest> =>
  JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as BundleManifest;

describe('aimaas export', () => {
  it('publishes a bundle that says everything about itself', async () => {
    const result = await runJson<ExportResult>(['export', '--alias', 'champion'], { cwd });
    expect(result).toMatchObject({
      upToDate: false,
      name: 'penguins',
      version: 1,
      run,
      aliases: ['champion'],
    });
    expect(Object.keys(result.formats)).toEqual(['onnx', 'tfjs', 'saved-model']);
    const manifest = await readManifest(result.folder);
    expect(manifest).toMatchObject({
      schemaVersion: 1,
      kind: 'model',
      name: 'penguins',
      version: 1,
      task: 'multiclass',
      model: { family: 'linear' },
      lineage: { run, dataName: 'penguins' },
    });
    expect(manifest.classes).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
    expect(manifest.lineage.sources[0]?.sha256).toBe(await sha256OfFile(PENGUINS));
    expect(manifest.signature.inputs.find(({ name }) => name === 'island')).toEqual({
      name: 'island',
      kind: 'category',
      dtype: 'string',
      categories: ['Biscoe', 'Dream', 'Torgersen'],
    });
    expect(manifest.signature.outputs.map(({ name }) => name)).toEqual(['label', 'probabilities']);
    expect(manifest.metrics.validation.accuracy).toBeGreaterThan(0.3);
    expect(Object.keys(manifest.files)).toEqual([
      'README.md',
      'network.onnx',
      'onnx/model.onnx',
      'predictor.json',
      'reference.json',
      'saved-model/saved_model.pb',
      'tfjs/group1-shard1of1.bin',
      'tfjs/model.json',
    ]);
    for (const [path, { sha256 }] of Object.entries(manifest.files)) {
      expect(await sha256OfFile(join(result.folder, path))).toBe(sha256);
    }
    for (const { parity } of Object.values(manifest.formats)) {
      expect(parity.rows).toBeGreaterThan(100);
      expect(parity.maximumDifference).toBeLessThanOrEqual(parity.tolerance);
    }
  });

  it('is up to date the second time, for any of the formats that are there', async () => {
    expect((await aimaas('export', '-q')).stdout).toBe('penguins/1\n');
    const onnx = await runJson<ExportResult>(['export', '--format', 'onnx'], { cwd });
    expect(onnx).toMatchObject({ upToDate: true, version: 1 });
    const { stdout } = await aimaas('export');
    expect(stdout).toMatch(/penguins\/1 \(champion\) is up to date/);
    expect(stdout).toMatch(/Next: aimaas serve penguins/);
  });

  it('makes a new version with --force, and for a format that is missing', async () => {
    const forced = await runJson<ExportResult>(['export', '--force', '--format', 'onnx', '--name', 'other'], {
      cwd,
    });
    expect(forced).toMatchObject({ version: 1, upToDate: false });
    expect(Object.keys(forced.formats)).toEqual(['onnx']);
    const both = await runJson<ExportResult>(['export', '--format', 'tfjs,onnx', '--name', 'other'], { cwd });
    expect(both).toMatchObject({ version: 2, upToDate: false });
  });

  it('keeps the metrics of the test rows once the run has been evaluated', async () => {
    const before = await runJson<ExportResult>(['export', '--name', 'judged', '--format', 'onnx'], { cwd });
    expect(before.metrics.test).toBeNull();
    const { metrics } = await runJson<{ metrics: { accuracy: number } }>(['evaluate'], { cwd });
    const argv = ['export', '--name', 'judged', '--format', 'onnx', '--force'];
    const after = await runJson<ExportResult>(argv, { cwd });
    expect(after.metrics.test?.accuracy).toBe(metrics.accuracy);
  });

  it('copies the bundle to --output, which then works as a MODEL', async () => {
    const output = join(cwd, 'deploy', 'penguins');
    const first = await runJson<ExportResult>(['export', '--output', output], { cwd });
    expect(first.output).toBe(output);
    expect(await readManifest(output)).toEqual(await readManifest(first.folder));
    await runJson(['export', '--output', output], { cwd });
    const { code, stdout } = await runCli(['predict', output, PENGUINS], { cwd });
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe(
      'prediction,probability_Adelie,probability_Chinstrap,probability_Gentoo',
    );
  });

  it('writes nothing to a folder that holds other files, and beside them with --force', async () => {
    const before = await readdir(join(cwd, '.aimaas', 'models'));
    const output = join(cwd, 'app');
    await mkdir(output);
    await writeFile(join(output, 'app.py'), 'print()');
    await writeFile(join(output, 'manifest.json'), '{"name":"my app"}');
    const refused = await aimaas('export', '--output', 'app', '--name', 'never');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/app holds files, but no exported model/);
    expect(await readdir(join(cwd, '.aimaas', 'models'))).toEqual(before);
    await runJson(['export', '--output', 'app', '--name', 'beside', '--force'], { cwd });
    expect(await readFile(join(output, 'app.py'), 'utf8')).toBe('print()');
    expect(await readManifest(output)).toMatchObject({ kind: 'model', name: 'beside' });
  });

  it('replaces only the files of the earlier bundle in --output', async () => {
    const output = join(cwd, 'kept');
    await runJson(['export', '--output', 'kept', '--format', 'onnx,tfjs', '--name', 'first'], { cwd });
    await writeFile(join(output, 'app.py'), 'print()');
    await writeFile(join(output, 'onnx', 'notes.txt'), 'mine');
    const last = await runJson<ExportResult>(
      ['export', '--output', 'kept', '--format', 'onnx', '--name', 'next'],
      { cwd },
    );
    expect(await readFile(join(output, 'app.py'), 'utf8')).toBe('print()');
    expect(await readFile(join(output, 'onnx', 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readManifest(output)).toEqual(await readManifest(last.folder));
    expect(await exists(join(output, 'tfjs'))).toBe(false);
    expect((await aimaas('predict', './kept', PENGUINS)).code).toBe(0);
  });

  it('does not replace a file of somebody else in an earlier bundle without --force', async () => {
    const output = join(cwd, 'in-the-way');
    const argv = ['export', '--output', output, '--name', 'in-the-way'];
    await runJson([...argv, '--format', 'onnx'], { cwd });
    await mkdir(join(output, 'tfjs'));
    await writeFile(join(output, 'tfjs', 'model.json'), '{}');
    const { code, stderr } = await aimaas(...argv, '--format', 'tfjs');
    expect(code).toBe(2);
    expect(stderr).toMatch(/did not write and would replace: tfjs\/model\.json/);
    expect(await readFile(join(output, 'tfjs', 'model.json'), 'utf8')).toBe('{}');
    await runJson([...argv, '--format', 'tfjs', '--force'], { cwd });
    expect(await readFile(join(output, 'tfjs', 'model.json'), 'utf8')).not.toBe('{}');
  });

  it.each([
    ['.', /is the current folder/],
    ['..', /is a folder that the current folder lies in/],
    ['.aimaas', /is a workspace/],
    ['.aimaas/models/penguins/1', /lies in the workspace/],
    ['link', /is the current folder/],
  ])('never writes to --output %s, not with --force either', async (output, message) => {
    if (output === 'link') await symlink(cwd, join(cwd, 'link'));
    await writeFile(join(cwd, 'mine.csv'), 'a\n1\n');
    for (const force of [[], ['--force']]) {
      const { code, stderr } = await aimaas('export', '--output', output, ...force);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    }
    expect(await exists(join(cwd, 'mine.csv'))).toBe(true);
    expect(await exists(join(cwd, '.aimaas', 'runs', run))).toBe(true);
  });

  it('never writes over another workspace, or a folder that one lies in', async () => {
    await mkdir(join(cwd, 'project', 'sub'), { recursive: true });
    await runJson(['collect', PENGUINS, '--target', 'species', '--workspace', 'project/sub/w'], { cwd });
    const other = await aimaas('export', '--output', 'project/sub/w', '--force');
    expect(other.stderr).toMatch(/is a workspace/);
    const within = ['--workspace', 'project/sub/w', '--output', 'project', '--force'];
    expect((await aimaas('export', ...within)).stderr).toMatch(/is a folder that the workspace lies in/);
  });

  it('refuses a file as --output', async () => {
    await writeFile(join(cwd, 'file.txt'), '');
    const { code, stderr } = await aimaas('export', '--output', 'file.txt');
    expect(code).toBe(2);
    expect(stderr).toMatch(/file\.txt is a file; expected a folder/);
    expect(stderr).not.toMatch(/--workspace/);
    expect((await aimaas('export', '--output', 'file.txt/x')).stderr).not.toMatch(/--workspace/);
  });

  it('keeps what somebody put into the folder of a deployment', async () => {
    const argv = ['export', '--format', 'kubernetes', '--output', 'cluster'];
    await runJson(argv, { cwd });
    const kept = join(cwd, 'cluster', 'kubernetes', 'ingress.yaml');
    await writeFile(kept, 'kind: Ingress');
    await runJson([...argv, '--name', 'renamed'], { cwd });
    expect(await readFile(kept, 'utf8')).toBe('kind: Ingress');
    expect(await readFile(join(cwd, 'cluster/kubernetes/deployment.json'), 'utf8')).toMatch(/renamed/);
    await mkdir(join(cwd, 'plain', 'kubernetes'), { recursive: true });
    await writeFile(join(cwd, 'plain', 'kubernetes', 'a.yaml'), 'mine');
    const refused = await aimaas('export', '--format', 'kubernetes', '--output', 'plain');
    expect(refused.stderr).toMatch(/plain\/kubernetes holds files, but no deployment of aimaas/);
    await runJson(['export', '--format', 'kubernetes', '--output', 'plain', '--force'], { cwd });
    expect(await readFile(join(cwd, 'plain', 'kubernetes', 'a.yaml'), 'utf8')).toBe('mine');
  });

  it.each([
    [['--format', 'onxx'], 2, /Did you mean "onnx"/],
    [['--name', '../x'], 2, /Expected a letter, digit or "_"/],
    [['--alias', 'latest'], 2, /Expected a word such as champion/],
    [['--run', 'ffff'], 4, /no run "ffff"/],
  ])('refuses %j', async (argv, code, message) => {
    const result = await aimaas('export', ...argv);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
    expect(result.stdout).toBe('');
  });

  it('says what to do without a run, and with one that is not complete', async () => {
    const empty = await aimaas('export', '--workspace', 'empty');
    expect(empty.code).toBe(4);
    expect(empty.stderr).toMatch(/no run yet/);
  });

  it('publishes once when two exports run at once', async () => {
    const argv = ['export', '--name', 'twice', '--json'];
    const results = await Promise.all([spawnCli(argv, { cwd }), spawnCli(argv, { cwd })]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    const versions = results.map(({ stdout }) => (JSON.parse(stdout) as ExportResult).version);
    expect(versions).toEqual([1, 1]);
    const left = await readdir(join(cwd, '.aimaas', 'models', 'twice'));
    expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('an export that does not reproduce the run', () => {
  it('is not published, exits 4 and leaves nothing behind', async () => {
    const workspace = join(cwd, 'tampered');
    const id = await trained(workspace, PENGUINS, 'species');
    const path = join(workspace, 'runs', id, 'network.safetensors');
    const bytes = await readFile(path);
    // Some of the weights, as another training would have left them: the last floats of the file.
    for (let i = 1; i <= 20; i++) bytes.writeFloatLE(i % 2 === 0 ? 3 : -3, bytes.length - 4 * i);
    await writeFile(path, bytes);
    const { code, stderr, stdout } = await aimaas('export', '--workspace', workspace);
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/The onnx export answers \[.*\] where the run itself answers \[.*\]/);
    expect(await exists(join(workspace, 'models', 'penguins'))).toBe(false);
    const context = { workspace, reporter: silentReporter, signal: new AbortController().signal };
    await expect(exportModel({}, context)).rejects.toMatchObject({ code: 'EXPORT_MISMATCH' });
    await rm(workspace, { recursive: true });
  });

  it('is interrupted without a trace', async () => {
    const context = {
      workspace: join(cwd, '.aimaas'),
      reporter: silentReporter,
      signal: AbortSignal.abort(),
    };
    await expect(exportModel({ name: 'stopped' }, context)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await readdir(join(cwd, '.aimaas', 'models'))).not.toContain('stopped');
  });
});

describe('columns that a format cannot hold', () => {
  /** 150 rows; `t` are milliseconds that differ in their last digits only, `note` is free text. */
  function csv(column: 't' | 'note'): string {
    const lines = Array.from({ length: 150 }, (_, i) => {
      const t = 1_600_000_000_000 + ((i * 37) % 150) * 1000;
      const note = i % 3 === 0 ? `very good work number ${i}` : `the work of day ${i} was not good at all`;
      return `${column === 't' ? t : note},${(i * 17) % 50},${(i % 3 === 0 ? 5 : 1) + ((i * 37) % 150) / 30}`;
    });
    return `${column},n,y\n${lines.join('\n')}\n`;
  }

  it('make tfjs begin at the features where 32 bits do not do', async () => {
    await writeFile(join(cwd, 'exact.csv'), csv('t'));
    await trained('exact', 'exact.csv', 'y', '--type', 't=number');
    const { code, stderr } = await aimaas('export', '--workspace', 'exact');
    expect(code).toBe(0);
    expect(stderr).toMatch(/The tfjs export takes the prepared features .* more than the 32 bits/s);
    const { formats } = await readManifest(join(cwd, 'exact', 'models', 'exact', '1'));
    expect(formats.onnx?.details.takes).toBe('columns');
    expect(formats.tfjs?.details.takes).toBe('features');
  });

  it('make all begin at the features where there is free text', async () => {
    await writeFile(join(cwd, 'notes.csv'), csv('note'));
    await trained('notes', 'notes.csv', 'y', '--type', 'note=text');
    const { code, stderr } = await aimaas('export', '--workspace', 'notes');
    expect(code).toBe(0);
    expect(stderr).toMatch(/Column "note" \(text\) cannot be prepared inside an exported graph/);
    const { formats } = await readManifest(join(cwd, 'notes', 'models', 'notes', '1'));
    expect(Object.values(formats).map(({ details }) => details.takes)).toEqual([
      'features',
      'features',
      'features',
    ]);
  });
});
