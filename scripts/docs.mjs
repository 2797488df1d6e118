// Writes what is made from the definitions of the commands: docs/cli.md and dist/aimaas.schema.json. Run after a build.
//   --schema  only the schema (part of the build)
//   --check   only compares docs/cli.md, and fails when it is out of step
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configSchema } from '../dist/cli/config-schema.js';
import { commandReference } from '../dist/cli/docs.js';
import { loadCommands } from '../dist/commands/index.js';

const pathOf = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const commands = await loadCommands();

async function referenceText(path) {
  const { format, resolveConfig } = await import('prettier');
  return format(commandReference(commands), { ...(await resolveConfig(path)), parser: 'markdown' });
}

const docsPath = pathOf('docs/cli.md');
if (process.argv.includes('--check')) {
  const found = await readFile(docsPath, 'utf8').catch(() => '');
  if (found !== (await referenceText(docsPath))) {
    console.error('docs/cli.md is not what the commands say. Run: npm run docs');
    process.exit(1);
  }
  console.log('docs/cli.md is in step with the commands.');
} else {
  await writeFile(pathOf('dist/aimaas.schema.json'), `${JSON.stringify(configSchema(commands), null, 2)}\n`);
  if (!process.argv.includes('--schema')) await writeFile(docsPath, await referenceText(docsPath));
}
