import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentReporter } from '../../src/core/reporter.js';
import type { ListModelsResult, ShowModelResult } from '../../src/steps/models.js';
import { temporaryName } from '../../src/workspace/atomic.js';
import { ModelRegistry } from '../../src/workspace/registry.js';
import { describeFiles, exists, Workspace } from '../../src/workspace/workspace.js';
import { bundleManifest } from '../helpers/bundle.js';
import { type CliResult, runCli, runJson, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
let registry: ModelRegistry;

const aimaas = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd });

beforeEach(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  registry = new ModelRegistry(new Workspace(join(cwd, '.aimaas')));
});
afterEach(() => folder.dispose());

async function publish(name: string, accuracy: number, test: number | null = null): Promise<void> {
  const finished = temporaryName(join(cwd, '.aimaas', 'models', name, 'x'));
  await mkdir(finished, { recursive: true });
  await writeFile(join(finished, 'predictor.json'), '{}');
  const manifest = bundleManifest({
    name,
    key: `${name} ${accuracy}`,
    signature: {
      inputs: [
        { name: 'island', kind: 'category', dtype: 'string', categories: ['a', 'b', 'c', 'd', 'e', 'f'] },
        { name: 'mass', kind: 'number', dtype: 'number', categories: null },
      ],
      outputs: [],
    },
    metrics: {
      validation: { accuracy },
      baseline: { accuracy: 0.5 },
      test: test === null ? null : { accuracy: test },
    },
    files: await describeFiles(finished),
  });
  await registry.publish(finished, manifest, { reporter: silentReporter });
}

describe('aimaas models list', () => {
  it('says how to get a first model', async () => {
    expect((await aimaas('models')).stdout).toMatch(/No models yet\.\n\nNext: aimaas export/);
    expect(await runJson(['models', 'list'], { cwd })).toEqual({ schemaVersion: 1, models: [] });
  });

  it('lists versions with aliases and metrics', async () => {
    await publish('penguins', 0.9);
    await publish('penguins', 0.95, 0.93);
    await publish('cars', 0.7);
    await aimaas('models', 'alias', 'penguins', '1', 'champion');
    const { models } = await runJson<ListModelsResult>(['models', 'list', 'penguins'], { cwd });
    expect(models.map(({ version, aliases, latest, test }) => ({ version, aliases, latest, test }))).toEqual([
      { version: 2, aliases: [], latest: true, test: { accuracy: 0.93 } },
      { version: 1, aliases: ['champion'], latest: false, test: null },
    ]);
    const { stdout } = await aimaas('models');
    expect(stdout).toMatch(/penguins\/1 +champion +\S.*validation +0\.9/);
    expect(stdout).toMatch(/penguins\/2 +latest +\S.*test +0\.93/);
    expect((await aimaas('models', 'list', '-q')).stdout.trim().split('\n').sort()).toEqual([
      'cars/1',
      'penguins/1',
      'penguins/2',
    ]);
  });

  it('suggests the nearest name', async () => {
    await publish('penguins', 0.9);
    const { code, stderr } = await aimaas('models', 'list', 'penguin');
    expect(code).toBe(4);
    expect(stderr).toMatch(/no model "penguin"\. Did you mean "penguins"\?/);
  });
});

describe('aimaas models show', () => {
  beforeEach(async () => {
    await publish('penguins', 0.9);
    await publish('penguins', 0.95, 0.93);
    await aimaas('models', 'alias', 'penguins', '1', 'champion');
  });

  it.each([
    [[], 2],
    [['penguins'], 2],
    [['penguins@champion'], 1],
    [['penguins/1'], 1],
    [['penguins@latest'], 2],
  ])('takes %j as version %d', async (argv, version) => {
    const shown = await runJson<ShowModelResult>(['models', 'show', ...argv], { cwd });
    expect(shown.manifest.version).toBe(version);
  });

  it('shows inputs, metrics and lineage', async () => {
    const { stdout } = await aimaas('models', 'show');
    for (const part of [/penguins\/2/, /run 0123456789ab/, /island +category .*a, b, c, d and 2 more/]) {
      expect(stdout).toMatch(part);
    }
    expect(stdout).toMatch(/accuracy +0\.93\d* +0\.95\d* +0\.5/);
  });

  it('names what there is for a version or alias that there is not', async () => {
    expect((await aimaas('models', 'show', 'penguins/7')).stderr).toMatch(/no version 7; it has 1, 2/);
    const { code, stderr } = await aimaas('models', 'show', 'penguins@champoin');
    expect(code).toBe(4);
    expect(stderr).toMatch(/Did you mean "champion"/);
  });
});

describe('aimaas models alias', () => {
  beforeEach(async () => {
    await publish('m', 0.9);
    await publish('m', 0.95);
  });

  it('sets, moves by version or other alias, and removes', async () => {
    expect((await aimaas('models', 'alias', 'm', '1', 'champion')).stdout).toMatch(
      /m@champion is version 1\./,
    );
    expect((await aimaas('models', 'alias', 'm', 'latest', 'champion')).stdout).toMatch(
      /version 2 \(before: 1\)/,
    );
    await aimaas('models', 'alias', 'm', 'champion', 'previous');
    expect(await registry.aliases('m')).toEqual({ champion: 2, previous: 2 });
    expect(await runJson(['models', 'alias', 'm', 'previous', '--remove'], { cwd })).toMatchObject({
      version: null,
      previous: 2,
    });
    expect(await registry.aliases('m')).toEqual({ champion: 2 });
  });

  it.each([
    [['m', '9', 'champion'], 4, /no version 9/],
    [['m', '1', 'latest'], 2, /cannot be set/],
    [['m', '1'], 2, /Which alias.*hint: aimaas models alias m 1 champion$/s],
    [
      ['m', 'champion'],
      2,
      /Which version of m is "champion" to point at.*hint: aimaas models alias m latest champion$/s,
    ],
    [['m@champion', '1'], 2, /not the name of a model.*hint: aimaas models alias m 1 champion$/s],
    [['m@champion', 'champion', '--remove'], 2, /hint: aimaas models alias m champion --remove$/],
    [['m/1', 'champion'], 2, /hint: aimaas models alias m 1 champion$/],
    [['m', 'nope', '--remove'], 4, /no alias "nope" to remove/],
    [['m', '1', 'champion', '--remove'], 2, /takes a model and an alias/],
    [['x', '1', 'champion'], 4, /no model "x"/],
  ])('refuses %j', async (argv, code, message) => {
    const result = await aimaas('models', 'alias', ...argv);
    expect(result.code).toBe(code);
    expect(result.stderr.trim()).toMatch(message);
  });
});

describe('aimaas models delete', () => {
  beforeEach(async () => {
    await publish('m', 0.9);
    await publish('m', 0.95);
    await aimaas('models', 'alias', 'm', '2', 'champion');
  });

  it('deletes a version, after a yes', async () => {
    const refused = await aimaas('models', 'delete', 'm/1');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/needs a yes/);
    const { stdout } = await aimaas('models', 'delete', 'm/1', '--yes');
    expect(stdout).toMatch(/Deleted m\/1\./);
    expect(await registry.versions('m')).toEqual([2]);
  });

  it('keeps everything when one of several is what an alias points at', async () => {
    const { code, stderr } = await aimaas('models', 'delete', 'm/1', 'm@champion', '--yes');
    expect(code).toBe(4);
    expect(stderr).toMatch(/Version 2 of model m is what the alias "champion" points at/);
    expect(await registry.versions('m')).toEqual([1, 2]);
  });

  it('deletes a whole model with --all --force', async () => {
    expect((await aimaas('models', 'delete', 'm', '--yes')).stderr).toMatch(/Which version of m/);
    const { stdout } = await aimaas('models', 'delete', 'm', '--all', '--force', '--yes');
    expect(stdout).toMatch(/Deleted m\/1, m\/2, and m@champion\./);
    expect(await registry.names()).toEqual([]);
    expect(await exists(registry.folder('m', 2))).toBe(false);
  });
});
