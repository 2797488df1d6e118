// Packs the project, installs the package in an empty folder, exports deployments there, and runs them as their users
// would: every step of the Dockerfile, as far as that goes without Docker, and the executable without Node in sight. Both
// have to answer what `aimaas predict` says. Prints the folder of the Kubernetes manifests, for whoever checks them.
//
//     node test/deploy/deployments.mjs FOLDER       (an empty folder, which is left behind)
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = resolve(process.argv[2]);
const NAME = 'Pingüinos_企鹅';

function run(command, args, cwd, env = process.env) {
  return execFileSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 600_000,
  });
}

function sizeOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Starts a server that prints its address with --json, asks it, ends it, and gives its answers and milliseconds. */
async function ask(command, args, { cwd, env, check }) {
  const started = performance.now();
  const child = spawn(command, [...args, '--port', '0', '--json'], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  try {
    let out = '';
    for await (const chunk of child.stdout) {
      out += chunk;
      if (out.includes('\n')) break;
    }
    const ready = performance.now() - started;
    const { url } = JSON.parse(out);
    const [head, ...lines] = readFileSync(join(folder, 'penguins.csv'), 'utf8').trim().split('\n');
    const names = head.split(',').map((name) => name.trim());
    const records = lines
      .slice(0, 50)
      .map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])));
    const response = await fetch(`${url.replace('localhost', '127.0.0.1')}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ records }),
    });
    if (response.status !== 200) throw new Error(`${command}: ${response.status} ${await response.text()}`);
    const { predictions, model } = await response.json();
    if (model.name !== NAME) throw new Error(`${command} serves ${model.name}.`);
    await check?.(url);
    const end = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const code = await end;
    if (code !== 0) throw new Error(`${command} ended with ${code} on SIGTERM.`);
    return { predictions: predictions.map(({ prediction }) => prediction), ready };
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

/** Follows a Dockerfile: a folder for every stage, COPY as it says, RUN in a shell. Gives the last stage. */
function follow(context) {
  const stages = new Map();
  let stage;
  const inside = (path) =>
    path.startsWith('/') ? join(stage.folder, path) : join(stage.folder, stage.workdir, path);
  for (const line of readFileSync(join(context, 'Dockerfile'), 'utf8').split('\n')) {
    const [, instruction, rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (instruction === 'FROM') {
      const [, name = `stage-${stages.size}`] = / AS (\w+)$/.exec(rest) ?? [];
      stage = { folder: join(folder, 'image', name), workdir: '/', env: {}, command: [], entrypoint: [] };
      mkdirSync(stage.folder, { recursive: true });
      stages.set(name, stage);
    } else if (instruction === 'WORKDIR') {
      stage.workdir = rest;
      mkdirSync(inside('.'), { recursive: true });
    } else if (instruction === 'ENV') {
      for (const [, key, value] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[key] = value;
    } else if (instruction === 'COPY') {
      const [, from, words] = /^(?:--from=(\w+) )?(.*)$/.exec(rest);
      const paths = words.split(' ');
      const target = paths.pop();
      for (const path of paths) {
        const source = from === undefined ? join(context, path) : join(stages.get(from).folder, path);
        const isFolder = statSync(source).isDirectory();
        cpSync(source, isFolder ? inside(target) : join(inside(target), path.split('/').at(-1)), {
          recursive: true,
        });
      }
    } else if (instruction === 'RUN') {
      run('sh', ['-c', rest], inside('.'), { PATH: process.env.PATH, HOME: folder });
    } else if (instruction === 'ENTRYPOINT') stage.entrypoint = JSON.parse(rest);
    else if (instruction === 'CMD') stage.command = JSON.parse(rest);
    else if (instruction === 'HEALTHCHECK') stage.health = JSON.parse(/CMD (\[.*)$/.exec(rest)[1]);
  }
  return { ...stage, cwd: inside('.') };
}

function same(what, found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what} answers otherwise than predict.`);
}

run('npm', ['pack', '--silent', '--pack-destination', folder], root);
const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
run('npm', ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', `./${tarball}`], folder);
cpSync(join(root, 'examples', 'penguins', 'penguins.csv'), join(folder, 'penguins.csv'));
const aimaas = (...args) => run('npx', ['--no-install', 'aimaas', ...args], folder);
aimaas('collect', 'penguins.csv', '--target', 'species', '-q');
aimaas('preprocess', '-q');
aimaas('train', '--model', 'linear', '--epochs', '20', '-q');
aimaas('export', '--name', NAME, '--format', 'docker,kubernetes,executable', '--output', 'deploy', '-q');
const expected = aimaas('predict', NAME, 'penguins.csv')
  .split('\n')
  .slice(1, 51)
  .map((line) => line.split(',')[0]);

const image = follow(join(folder, 'deploy', 'docker'));
const megabytes = Math.round(sizeOf(image.folder) / 1e6);
if (megabytes > 80) throw new Error(`The image adds ${megabytes} MB to that of Node.`);
const env = { PATH: process.env.PATH, ...image.env };
const [node, ...words] = [...image.entrypoint, ...image.command];
const served = await ask(node, words, {
  cwd: image.cwd,
  env,
  check(url) {
    const [command, ...rest] = image.health;
    const health = (port) => run(command, rest, image.cwd, { ...env, AIMAAS_SERVE_PORT: port });
    health(new URL(url).port);
    try {
      health('1');
    } catch {
      return;
    }
    throw new Error('The health check is content without a server.');
  },
});
same('The image', served.predictions, expected);
console.log(`Image: ${megabytes} MB on top of Node's, ready after ${Math.round(served.ready)} ms.`);

const folderOfExecutable = join(folder, 'deploy', 'executable');
const [executable] = readdirSync(folderOfExecutable).filter((name) => name !== 'deployment.json');
const bare = { HOME: join(folder, 'home'), PATH: '/nowhere' };
mkdirSync(bare.HOME);
const first = await ask(join(folderOfExecutable, executable), [], { cwd: folder, env: bare });
same('The executable', first.predictions, expected);
const server = readdirSync(bare.HOME, { recursive: true }).find((name) => name.endsWith('server.cjs'));
writeFileSync(join(bare.HOME, server), 'process.exit(1)');
const mended = await ask(join(folderOfExecutable, executable), [], { cwd: folder, env: bare });
const again = await ask(join(folderOfExecutable, executable), [], { cwd: folder, env: bare });
same('The executable whose files were changed', mended.predictions, expected);
const workers = ['--workers', '2'];
const several = await ask(join(folderOfExecutable, executable), workers, { cwd: folder, env: bare });
same('The executable with workers', several.predictions, expected);
const servedBySeveral = await ask(node, [...words, ...workers], { cwd: image.cwd, env });
same('The image with workers', servedBySeveral.predictions, expected);
const size = Math.round(statSync(join(folderOfExecutable, executable)).size / 1e6);
console.log(
  `Executable: ${size} MB, ready after ${Math.round(first.ready)} ms at first, then ${Math.round(again.ready)} ms.`,
);
