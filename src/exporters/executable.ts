import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AimaasError } from '../core/errors.js';
import type { Deployer } from './deployment.js';
import { kubernetesName } from './kubernetes-name.js';
import { standaloneFolder } from './standalone.js';

const run = promisify(execFile);
const compress = promisify(gzip);

/** In every Node that can hold a program; turned on when one is put in. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** Packages that the server loads from files, with those they need to load; not what only their installation needs. */
const RUNTIME_PACKAGES = ['onnxruntime-node', 'onnxruntime-common'] as const;

type PackedFile = { readonly path: string; readonly source: string };

/**
 * One file for machines like this one that serves the bundle: a copy of the Node that runs now, with the server, ONNX
 * Runtime and the bundle inside. See docs/adr/0016-executables.md.
 */
export const executable: Deployer = {
  format: 'executable',
  summary: `one file that serves the model on ${process.platform}-${process.arch}`,
  async write({ folder, manifest }, dir) {
    const node = await ownNode();
    const server = await standaloneFolder();
    const files = [
      { path: 'server.cjs', source: join(server, 'server.cjs') },
      ...(await runtimeFiles()),
      ...(await filesBelow(folder, 'model')),
    ];
    const name = kubernetesName(manifest.name) + (process.platform === 'win32' ? '.exe' : '');
    const target = join(dir, name);
    const scratch = await mkdtemp(join(tmpdir(), 'aimaas-executable-'));
    try {
      const blob = await makeBlob(files, join(server, 'launcher.cjs'), scratch);
      await copyFile(node, target);
      await chmod(target, 0o755);
      await inject(target, blob);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
    return `./${name} --port 8080`;
  },
};

/** @throws AimaasError UNSUPPORTED where this Node cannot be copied to other machines, or cannot hold a program. */
async function ownNode(): Promise<string> {
  const problem =
    String((process.config.variables as unknown as Readonly<Record<string, unknown>>)['node_shared']) ===
    'true'
      ? 'This Node is not whole by itself: it needs libnode of this machine.'
      : (await readFile(process.execPath)).includes(FUSE)
        ? undefined
        : 'This Node was built without support for single executables.';
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major === 20 && minor < 12;
  if (problem === undefined && !isOld) return process.execPath;
  throw new AimaasError(
    'UNSUPPORTED',
    problem ?? `Node ${process.versions.node} cannot hold files; 20.12 can.`,
    {
      hint: 'Use a Node from https://nodejs.org, or: aimaas export --format docker',
    },
  );
}

async function filesBelow(root: string, prefix: string): Promise<PackedFile[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((source) => ({ path: [prefix, ...relative(root, source).split(sep)].join('/'), source }));
}

/** ONNX Runtime without its libraries for other platforms, and without what is not code. */
async function runtimeFiles(): Promise<PackedFile[]> {
  const require = createRequire(import.meta.url);
  const files: PackedFile[] = [];
  for (const name of RUNTIME_PACKAGES) {
    const from = name === 'onnxruntime-node' ? require : createRequire(require.resolve('onnxruntime-node'));
    const root = packageRoot(from.resolve(name), name);
    files.push(...(await filesBelow(root, `node_modules/${name}`)));
  }
  const native = `/${process.platform}/${process.arch}/`;
  return files.filter(
    ({ path }) =>
      (!path.includes('/bin/') || path.includes(native)) &&
      !path.includes('/script/') &&
      /\.(?:js|cjs|json|node|dll|dylib|so(?:\.\d+)*)$|LICENSE/.test(path) &&
      !/\/(?:esm|lib)\//.test(path) &&
      !/\.min\.js$/.test(path),
  );
}

function packageRoot(file: string, name: string): string {
  let folder = dirname(file);
  while (!folder.endsWith(join('node_modules', name))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`${file} is in no package ${name}.`);
    folder = parent;
  }
  return folder;
}

/** What Node reads of itself when it starts: the launcher, and the files packed. */
async function makeBlob(files: readonly PackedFile[], launcher: string, scratch: string): Promise<string> {
  const contents = await Promise.all(files.map(({ source }) => readFile(source)));
  const described = files.map(({ path }, i) => {
    const content = contents[i] ?? Buffer.alloc(0);
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
  const id = createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
  await writeFile(join(scratch, 'index'), JSON.stringify({ id, files: described }));
  await writeFile(join(scratch, 'archive'), await compress(Buffer.concat(contents)));
  const blob = join(scratch, 'blob');
  const config = {
    main: launcher,
    output: blob,
    disableExperimentalSEAWarning: true,
    assets: { index: join(scratch, 'index'), archive: join(scratch, 'archive') },
  };
  const configFile = join(scratch, 'sea.json');
  await writeFile(configFile, JSON.stringify(config));
  await run(process.execPath, ['--experimental-sea-config', configFile], { timeout: 60_000 });
  return blob;
}

/** Puts the blob into a copy of Node. On macOS the copy is signed anew, because it would not be run otherwise. */
async function inject(target: string, blob: string): Promise<void> {
  const isMac = process.platform === 'darwin';
  // In a process of its own, because it speaks of every section of the file.
  const postject = join(
    packageRoot(createRequire(import.meta.url).resolve('postject'), 'postject'),
    'dist/cli.js',
  );
  const words = [postject, target, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE];
  if (isMac) await run('codesign', ['--remove-signature', target]);
  await run(process.execPath, isMac ? [...words, '--macho-segment-name', 'NODE_SEA'] : words, {
    timeout: 900_000,
  });
  if (isMac) await run('codesign', ['--sign', '-', target]);
}
