import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { UninstallEngineResult } from '../steps/engines-install.js';

export default defineCommand({
  name: 'engines uninstall',
  summary: 'Remove an engine that engines install has set up',
  description: 'Removes the folder that aimaas engines install made; a Python environment stays as it is.',
  examples: [{ command: 'aimaas engines uninstall tensorflow --yes', does: 'without being asked' }],
  arguments: [{ name: 'ENGINE', description: 'Name of the engine: tensorflow', required: true }],
  options: {},
  async run([engine = ''], _, context): Promise<UninstallEngineResult> {
    const { uninstallEngine } = await import('../steps/engines-install.js');
    if (!(await context.confirm(`Remove the engine ${engine}?`))) {
      throw new AimaasError('USAGE', 'Nothing was removed: it needs a yes.', {
        hint: `aimaas engines uninstall ${engine} --yes`,
      });
    }
    return uninstallEngine(engine, context);
  },
  render: ({ engine, folder }, style) => `${style.green('✔')} Removed ${engine} from ${folder}.`,
  quiet: ({ folder }) => folder,
});
