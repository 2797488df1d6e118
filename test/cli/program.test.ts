import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli, spawnCli, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

const aimaas = (...argv: string[]): ReturnType<typeof runCli> => runCli(argv, { cwd: folder.path });

describe('help and version', () => {
  test('no command shows the help on stdout', async () => {
    const { code, stdout, stderr } = await aimaas();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^aimaas: from your data to a served model/);
  });

  test.each([
    [['help', 'train']],
    [['train', '--help']],
    [['train', '-h']],
    [['--json', 'train', '--help']],
    [['train', '--no-such-option', '--help']],
  ])('%j shows the help of train', async (argv) => {
    const { code, stdout } = await aimaas(...argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: aimaas train \[options\]/);
  });

  test('a group of sub-verbs', async () => {
    expect((await aimaas('runs', '--help')).stdout).toMatch(/^Usage: aimaas runs COMMAND/);
    expect((await aimaas('help', 'runs', 'compare')).stdout).toMatch(/^Usage: aimaas runs compare RUN\.\.\./);
  });

  test('--version is the one of package.json', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as {
      version: string;
    };
    expect((await aimaas('--version')).stdout).toBe(`${version}\n`);
  });
});

describe('mistakes exit 2 and name the nearest', () => {
  test.each([
    [['trian'], 'There is no command "trian". Did you mean "train"?'],
    [['help', 'trian'], 'There is no command "trian". Did you mean "train"?'],
    [['runs', 'lst'], '"aimaas runs" has no command "lst". Did you mean "list"?'],
    [['runs', 'list', '--srot', 'x'], '"aimaas runs list" has no option --srot. Did you mean "--sort"?'],
    [['train', '--epochs', 'x'], '--epochs must be a whole number of at least 1, but it is "x".'],
    [['status', 'now'], '"aimaas status" takes no arguments; "now" is too many.'],
    [['--workspace', 'w'], 'No command was given, only --workspace w.'],
    [['--versin'], 'No command was given, only --versin. Did you mean --version?'],
    [['completion'], '"aimaas completion" needs SHELL: bash, zsh or fish.'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await aimaas(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(`error: ${message}`);
    expect(stderr).toContain('\n  hint: ');
  });

  test('as JSON with --json, wherever it stands', async () => {
    const { code, stdout, stderr } = await aimaas('--json', 'train', '--epochs', 'x');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      schemaVersion: 1,
      error: {
        code: 'USAGE',
        message: '--epochs must be a whole number of at least 1, but it is "x".',
        hint: 'aimaas train --help',
        details: { setting: '--epochs', expected: 'a whole number of at least 1', received: 'x' },
        exitCode: 2,
      },
    });
  });

  test('the stack only with --debug', async () => {
    expect((await aimaas('trian')).stderr).not.toContain('    at ');
    expect((await aimaas('trian', '--debug')).stderr).toContain('    at ');
  });
});

describe('settings', () => {
  test('a variable that is no setting is told, with the nearest name', async () => {
    const env = {
      AIMAAS_TRAIN_EPOCH: '3',
      AIMAAS_TRAIN_RESUME: 'x',
      AIMAAS_WORKSPACE: 'w',
      AIMAAS_SERVE_PORT: '1',
    };
    const { code, stderr } = await runCli(['status'], { cwd: folder.path, env });
    expect(code).toBe(0);
    expect(stderr).toContain(
      'AIMAAS_TRAIN_EPOCH is no setting of aimaas and has no effect. Did you mean AIMAAS_TRAIN_EPOCHS?',
    );
    expect(stderr).toContain('AIMAAS_TRAIN_RESUME has no effect: it can be set on the command line only');
    expect(stderr).not.toMatch(/WORKSPACE|SERVE_PORT/);
  });

  test('every problem of aimaas.yaml is told before anything runs', async () => {
    await writeFile(join(folder.path, 'aimaas.yaml'), 'train:\n  epochs: 0\nserv:\n  port: 1\n');
    const { code, stderr } = await aimaas('status');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'aimaas.yaml:2: train.epochs must be a whole number of at least 1, but it is 0.',
    );
    expect(stderr).toContain('aimaas.yaml:3: there is no section "serv". Did you mean "serve"?');
  });

  test('the workspace: command line before environment before file', async () => {
    await writeFile(join(folder.path, 'aimaas.yaml'), 'workspace: from-file\n');
    const workspaceOf = async (argv: string[], env = {}): Promise<string> => {
      const { stdout } = await runCli(['status', '--json', ...argv], { cwd: folder.path, env });
      return (JSON.parse(stdout) as { workspace: string }).workspace;
    };
    const env = { AIMAAS_WORKSPACE: 'from-env' };
    expect(await workspaceOf(['--workspace', 'from-flag'], env)).toBe(join(folder.path, 'from-flag'));
    expect(await workspaceOf([], env)).toBe(join(folder.path, 'from-env'));
    expect(await workspaceOf([])).toBe(join(folder.path, 'from-file'));
  });

  test('--config that is not there', async () => {
    const { code, stderr } = await aimaas('status', '--config', 'no.yaml');
    expect(code).toBe(2);
    expect(stderr).toContain('Cannot read the settings file "no.yaml": there is no such file.');
  });
});

describe('output', () => {
  test('colours on a terminal only, and not with NO_COLOR or --no-color', async () => {
    const colourful = await runCli(['status'], { cwd: folder.path, terminal: 100 });
    expect(colourful.stdout).toContain('\u001b[');
    const plain = [
      await runCli(['status', '--no-color'], { cwd: folder.path, terminal: 100 }),
      await aimaas('status'),
    ];
    for (const { stdout } of plain) expect(stdout).not.toContain('\u001b[');
    const noColor = await runCli(['status'], { cwd: folder.path, terminal: 100, env: { NO_COLOR: '1' } });
    expect(noColor.stdout).not.toContain('\u001b[');
  });

  test('an error of the system is told in words, as STORAGE', async () => {
    await writeFile(join(folder.path, 'w'), 'a file, not a folder');
    const { code, stderr } = await aimaas('init', '--workspace', 'x', join('w', 'below'));
    expect(code).toBe(4);
    expect(stderr).toContain(join('w', 'below'));
  });

  test('nothing is asked without a terminal', async () => {
    const { code, stderr } = await aimaas('runs', 'delete', 'abc');
    expect(code).toBe(2);
    expect(stderr).toContain('needs a yes');
    expect(stderr).toContain('aimaas runs delete abc --yes');
  });
});

describe('the executable', () => {
  test('gives the same as in this process', async () => {
    const spawned = await spawnCli(['trian'], { cwd: folder.path });
    expect(spawned).toEqual(await aimaas('trian'));
    expect(await spawnCli(['--help'], { cwd: folder.path })).toEqual(await aimaas('--help'));
  });

  test('a reader that goes away is no failure', async () => {
    const bin = new URL('../../bin/aimaas.js', import.meta.url).pathname;
    const child = spawn(
      'sh',
      ['-c', `"${process.execPath}" "${bin}" help train | head -n 1; echo "\${PIPESTATUS:-}"`],
      {
        cwd: folder.path,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const err: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdout.resume();
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr: Buffer.concat(err).toString() }).toEqual({ code: 0, stderr: '' });
  });

  test('a stdout closed from the start ends quietly', async () => {
    const bin = new URL('../../bin/aimaas.js', import.meta.url).pathname;
    const child = spawn(process.execPath, [bin, 'completion', 'bash'], { cwd: folder.path });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('a folder without aimaas.yaml needs none', async () => {
  await mkdir(join(folder.path, 'empty'));
  const { code, stdout } = await runCli(['status'], { cwd: join(folder.path, 'empty') });
  expect(code).toBe(0);
  expect(stdout).toContain('no data set yet');
});
