import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

/** Compiles src to dist once before the tests, because the end-to-end tests start the real executable. */
export default function build(): void {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  execFileSync(process.execPath, ['scripts/standalone.mjs'], { stdio: 'inherit' });
}
