import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { OrtModule } from './runtime.js';

const require = createRequire(import.meta.url);

/** The folder of the package's native libraries for this platform. */
function libraryFolder(): string | undefined {
  const bin = join(dirname(require.resolve('onnxruntime-node/package.json')), 'bin');
  const [abi] = existsSync(bin) ? readdirSync(bin).filter((name) => name.startsWith('napi-')) : [];
  return abi === undefined ? undefined : join(bin, abi, process.platform, process.arch);
}

/**
 * The devices whose libraries are there. Asking the runtime for one that is missing makes it write to the terminal, so
 * the files are looked for instead. Whether they find a GPU is for device-check.ts to try.
 */
export function presentDevices(runtime: OrtModule): string[] {
  const folder = libraryFolder();
  const libraries = folder !== undefined && existsSync(folder) ? readdirSync(folder) : [];
  return runtime
    .listSupportedBackends()
    .filter(({ name, bundled }) => bundled || libraries.some((file) => file.includes(`providers_${name}`)))
    .map(({ name }) => name);
}
