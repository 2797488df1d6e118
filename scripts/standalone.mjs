// Makes dist/standalone/: the server as one file without dependencies but ONNX Runtime, for images and executables
// (aimaas export --format docker,executable). Part of `npm run build`.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'dist', 'standalone');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Packages with native code, which cannot be in the file. Only the first is needed to serve. */
const RUNTIME = 'onnxruntime-node';
const NATIVE = [RUNTIME, '@duckdb/node-api', '@resvg/resvg-js', '@tensorflow/*'];

/** The program has one command, is its own worker, and knows its version without a package.json beside it. */
const substitutes = {
  name: 'substitutes',
  setup(pluginBuild) {
    pluginBuild.onResolve({ filter: /\/commands\/index\.js$/ }, () => ({
      path: join(root, 'src', 'standalone-commands.ts'),
    }));
    pluginBuild.onLoad({ filter: /[\\/]serve[\\/]worker-entry\.ts$/ }, () => ({
      contents: 'export const WORKER_ENTRY = new URL(import.meta.url);',
      loader: 'ts',
    }));
    pluginBuild.onLoad({ filter: /[\\/]core[\\/]version\.ts$/ }, () => ({
      contents: `export const VERSION = ${JSON.stringify(version)};`,
      loader: 'ts',
    }));
  },
};

mkdirSync(out, { recursive: true });
const result = await build({
  entryPoints: [join(root, 'src', 'standalone.ts')],
  outfile: join(out, 'server.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: NATIVE,
  // require() also finds what NODE_PATH names, as everything else in the file does.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  legalComments: 'eof',
  plugins: [substitutes],
  metafile: true,
  logLevel: 'warning',
});
if (process.argv.includes('--inputs')) {
  console.log(Object.keys(result.metafile.inputs).join('\n'));
}

// What an executable runs first; it unpacks the server and hands over to it.
await build({
  entryPoints: [join(root, 'src', 'standalone-launcher.ts')],
  outfile: join(out, 'launcher.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  logLevel: 'warning',
});

// What `npm ci` in an image installs: the runtime and what it needs, as they are locked here.
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const packages = {};
const add = (name, from) => {
  // The nearest node_modules up the tree holds what a package gets.
  for (let at = from; ; at = at.slice(0, at.lastIndexOf('node_modules/'))) {
    const path = `${at === '' ? '' : at.replace(/\/?$/, '/')}node_modules/${name}`;
    const entry = lock.packages[path];
    if (entry !== undefined) {
      if (packages[path] !== undefined) return;
      const { dev: _, devOptional: __, ...kept } = entry;
      packages[path] = kept;
      for (const dependency of Object.keys(entry.dependencies ?? {})) add(dependency, path);
      return;
    }
    if (at === '') throw new Error(`package-lock.json has no ${name}; run npm install.`);
  }
};
add(RUNTIME, '');
const dependencies = { [RUNTIME]: lock.packages[`node_modules/${RUNTIME}`].version };
const about = { name: 'aimaas-server', version, private: true, dependencies };
writeFileSync(join(out, 'package.json'), `${JSON.stringify(about, null, 2)}\n`);
writeFileSync(
  join(out, 'package-lock.json'),
  `${JSON.stringify(
    { name: about.name, version, lockfileVersion: 3, requires: true, packages: { '': about, ...packages } },
    null,
    2,
  )}\n`,
);
