// node scripts/bench.mjs NAME [options]: runs bench/NAME.ts, whatever version of Node this is (20 cannot read TypeScript).
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const [name = ''] = process.argv.slice(2, 3);
const root = fileURLToPath(new URL('../', import.meta.url));
const source = await readFile(join(root, 'bench', `${name}.ts`), 'utf8').catch(() => undefined);
if (source === undefined) {
  console.error(`There is no bench/${name}.ts.`);
  process.exit(2);
}
process.argv.splice(2, 1);
// Inside the project, so that its packages are found.
const folder = await mkdtemp(join(root, 'node_modules', '.bench-'));
const compiled = join(folder, `${name}.mjs`);
try {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
    },
  });
  await writeFile(compiled, outputText);
  await import(pathToFileURL(compiled).href);
} finally {
  await rm(folder, { recursive: true, force: true });
}
