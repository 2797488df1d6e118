import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.dispose());

const isThere = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

async function script(shell: string): Promise<string> {
  const { code, stdout } = await runCli(['completion', shell], { cwd: folder.path });
  expect(code).toBe(0);
  return stdout;
}

describe.skipIf(!isThere('bash'))('bash', () => {
  /** What bash offers for the last of the words. */
  async function offered(...words: string[]): Promise<string[]> {
    const path = join(folder.path, 'completion.bash');
    await writeFile(path, await script('bash'));
    const quoted = ['aimaas', ...words].map((word) => `'${word}'`).join(' ');
    const code = `source '${path}'; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; _aimaas; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr, status } = spawnSync('bash', ['-c', code], {
      cwd: folder.path,
      encoding: 'utf8',
    });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    return stdout.split('\n').filter((line) => line !== '');
  }

  test('commands', async () => {
    expect(await offered('pre')).toEqual(['preprocess', 'predict']);
    expect(await offered('')).toEqual(expect.arrayContaining(['train', 'runs', 'help', 'completion']));
    expect(await offered('help', 'tra')).toEqual(['train', 'traffic']);
  });

  test('sub-verbs, options and choices', async () => {
    expect(await offered('runs', 'co')).toEqual(['compare']);
    expect(await offered('train', '--learn')).toEqual(['--learning-rate']);
    expect(await offered('runs', 'list', '--so')).toEqual(['--sort']);
    expect(await offered('--json', 'train', '--optimizer', 'ne')).toEqual(['nesterov']);
    expect(await offered('train', '--epochs', '3', '--worksp')).toEqual(['--workspace']);
  });

  test('files where nothing else fits', async () => {
    await writeFile(join(folder.path, 'penguins.csv'), '');
    expect(await offered('collect', 'pen')).toEqual(['penguins.csv']);
  });
});

describe.skipIf(!isThere('zsh'))('zsh', () => {
  test('the script is valid', async () => {
    const { status, stderr } = spawnSync('zsh', ['-n'], { input: await script('zsh'), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe.skipIf(!isThere('fish'))('fish', () => {
  test('the script is valid', async () => {
    const { status, stderr } = spawnSync('fish', ['-n'], { input: await script('fish'), encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

test.each(['zsh', 'fish'])('%s: every command and its options are named', async (shell) => {
  const text = await script(shell);
  for (const word of ['collect', 'compare', 'learning-rate', 'older-than', 'workspace', 'adamw']) {
    expect(text).toContain(word);
  }
});

test('an unknown shell', async () => {
  const { code, stderr } = await runCli(['completion', 'bsh'], { cwd: folder.path });
  expect(code).toBe(2);
  expect(stderr).toContain('Did you mean "bash"?');
});
