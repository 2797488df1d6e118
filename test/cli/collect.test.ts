import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';
import type { CollectResult } from '../../src/steps/collect/collect.js';

let folder: { readonly path: string; dispose(): Promise<void> };
beforeEach(async () => {
  folder = await temporaryFolder();
  const rows = Array.from(
    { length: 60 },
    (_, i) => `${i},${i % 3 === 0 ? '?' : (i * 37) % 59},${i % 2 === 0 ? 'yes' : 'no'}`,
  );
  await writeFile(join(folder.path, 'trial.csv'), `patient_id,dose,cured\n${rows.join('\n')}\n`);
});
afterEach(() => folder.dispose());

describe('aimaas collect', () => {
  test('shows what the data are and what to do next', async () => {
    const { code, stdout } = await runCli(['collect', 'trial.csv', '--target', 'cured', '--missing', '?'], {
      cwd: folder.path,
    });
    expect(code).toBe(0);
    expect(stdout.replace(/[0-9a-f]{12}/, 'ID')).toMatchInlineSnapshot(`
      "✔ Data ID trial: 60 rows, 3 columns
        target      cured: binary (no 30, yes 30)

      column      kind      missing  distinct  why
      patient_id  id                       60  a different whole number in every row, named like an id
      dose        number    33 %           40  all 40 values are whole numbers
      cured       category                  2  target with 2 classes

      ! patient_id looks like an id: it names rows and will not be learned from

      Next: aimaas preprocess
      "
    `);
  });

  test('names with line breaks do not break the table, and stay as they are in the data', async () => {
    await writeFile(join(folder.path, 'odd.csv'), '"dose\nin mg","\u001b[2Jcured"\n1,"y\nes"\n2,no\n3,no\n');
    const argv = ['collect', 'odd.csv', '--target', '\u001b[2Jcured'];
    const { stdout } = await runCli(argv, { cwd: folder.path });
    expect(stdout).toContain('\n  target      \\u001b[2Jcured: binary (no 2, y\\nes 1)\n');
    expect(stdout).toMatch(/\ndose\\nin mg +number +3 {2}all 3 values/);
    expect(stdout).not.toContain('\u001b');
    const result = await runJson<CollectResult>(argv, { cwd: folder.path });
    expect(result.columns.map(({ name }) => name)).toEqual(['dose\nin mg', '\u001b[2Jcured']);
  });

  test.each([
    ['--target', 'curd', '--target cured'],
    ['--drop', 'patientid', '--drop patient_id'],
    ['--only', 'doze', '--only dose'],
    ['--type', 'Dose=number', '--type dose=KIND'],
  ])('a misspelt column of %s %s is answered with what to write', async (option, value, instead) => {
    const { code, stderr } = await runCli(['collect', 'trial.csv', option, value], { cwd: folder.path });
    expect(code).toBe(3);
    expect(stderr).toContain(`Write: ${instead}\n`);
    expect(stderr).not.toContain('may be empty');
  });

  test('-q prints the id alone, --json the result', async () => {
    const options = { cwd: folder.path };
    const result = await runJson<CollectResult>(['collect', 'trial.csv', '--target', 'cured'], options);
    expect(result).toMatchObject({
      schemaVersion: 1,
      rows: 60,
      target: 'cured',
      task: 'binary',
      upToDate: false,
    });
    const { stdout } = await runCli(['collect', 'trial.csv', '--target', 'cured', '-q'], options);
    expect(stdout).toBe(`${result.id}\n`);
  });

  test('reads stdin', async () => {
    const stdin = '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n';
    const result = await runJson<CollectResult>(['collect', '-', '--name', 'clicks'], {
      cwd: folder.path,
      stdin,
    });
    expect(result).toMatchObject({ name: 'clicks', rows: 2 });
  });

  test('a bad row exits 3 and says where; skipped, it is kept', async () => {
    await writeFile(join(folder.path, 'bad.csv'), 'a,b\n1,2\n3\n4,5\n');
    const failed = await runCli(['collect', 'bad.csv'], { cwd: folder.path });
    expect(failed.code).toBe(3);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toContain('bad.csv, line 3 has 1 cell, the header 2');
    expect(failed.stderr).toContain('--on-bad-row skip');
    const result = await runJson<CollectResult>(['collect', 'bad.csv', '--on-bad-row', 'skip'], {
      cwd: folder.path,
    });
    expect(result).toMatchObject({ rows: 2, rejectedRows: 1 });
    expect(await readFile(result.rejects ?? '', 'utf8')).toContain('bad.csv,3,');
  });

  test('exit codes of what else goes wrong', async () => {
    const exits: [string[], number, string][] = [
      [['collect', 'missing.csv'], 3, 'does not exist'],
      [['collect', 'trial.csv', '--target', 'curde'], 3, 'Did you mean "cured"?'],
      [['collect', 'trial.csv', '--type', 'dose=nubmer'], 2, 'Did you mean "number"?'],
      [['collect'], 2, 'SOURCE'],
    ];
    for (const [argv, exit, said] of exits) {
      const { code, stdout, stderr } = await runCli(argv, { cwd: folder.path });
      expect([code, stdout]).toEqual([exit, '']);
      expect(stderr).toContain(said);
    }
  });

  test('two at once on one workspace: one makes it, both have it', async () => {
    const argv = ['collect', 'trial.csv', '--target', 'cured', '-q'];
    const both = await Promise.all([1, 2].map(() => spawnCli(argv, { cwd: folder.path })));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(both[0]?.stdout).toBe(both[1]?.stdout);
  });
});
