// Packs the project, installs the package in an empty folder, and uses it as a new user would: `npx aimaas` and an import.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'aimaas-package-'));

function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 600_000,
  });
}

try {
  run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
  // The line of the README, with the packed file for the name of the package.
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [command, ...words] = /^npm install aimaas.*$/m.exec(readme)?.[0].split(' ') ?? [];
  if (command !== 'npm') throw new Error('The README has no line that installs aimaas.');
  run(command, [...words.map((word) => (word === 'aimaas' ? `./${tarball}` : word)), '--silent'], folder);
  cpSync(join(root, 'examples', 'penguins', 'penguins.csv'), join(folder, 'penguins.csv'));
  run('npx', ['--no-install', 'aimaas', 'collect', 'penguins.csv', '--target', 'species', '-q'], folder);
  run('npx', ['--no-install', 'aimaas', 'preprocess', '-q'], folder);
  run('npx', ['--no-install', 'aimaas', 'train', '--model', 'linear', '--epochs', '100', '-q'], folder);
  const predictions = run('npx', ['--no-install', 'aimaas', 'predict', 'penguins.csv'], folder);
  const lines = predictions.trimEnd().split('\n');
  if (lines.length !== 345 || !lines[0].startsWith('prediction,'))
    throw new Error(`${lines.length} lines: ${lines[0]}`);
  run(
    'node',
    [
      '--input-type=module',
      '-e',
      "const { collect } = await import('aimaas'); if (typeof collect !== 'function') process.exit(1);",
    ],
    folder,
  );
  console.log('The packed package works in an empty folder.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
