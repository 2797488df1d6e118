// Adds to package-lock.json the optional packages of other platforms that npm left out of it, which it does where a
// registry mirror does not hold them; `npm ci` then refuses the lock file. Run it after changing dependencies.
import { readFileSync, writeFileSync } from 'node:fs';

const OS = [
  'darwin',
  'linux',
  'win32',
  'android',
  'freebsd',
  'openharmony',
  'sunos',
  'netbsd',
  'openbsd',
  'aix',
];
const CPU = {
  arm64: 'arm64',
  aarch64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  armv7: 'arm',
  ppc64: 'ppc64',
  ppc64le: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
};

/** What the name of a platform package says of the platforms it is for. */
function platformOf(name) {
  const words = name.split(/[^a-z0-9]+/);
  const os = words
    .filter((word) => OS.includes(word) || word === 'linuxmusl')
    .map((word) => word.replace('musl', ''));
  const cpu = words.filter((word) => word in CPU).map((word) => CPU[word]);
  return {
    ...(cpu.length > 0 ? { cpu: cpu.slice(-1) } : {}),
    ...(os.length > 0 ? { os: os.slice(0, 1) } : {}),
  };
}

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const added = [];
for (const entry of Object.values(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (Object.keys(lock.packages).some((known) => known === key || known.endsWith(`/${key}`))) continue;
    const version = range.replace(/^[^0-9]*/, '');
    lock.packages[key] = { version, ...platformOf(name), dev: entry.dev, optional: true };
    added.push(`${name}@${version}`);
  }
}
const root = lock.packages[''];
lock.packages = {
  '': root,
  ...Object.fromEntries(
    Object.entries(lock.packages)
      .filter(([key]) => key !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ),
};
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'Nothing was missing.' : `Added ${added.join(', ')}`);
