import { defineCommand } from '../cli/command.js';
import { completionScript, SHELLS, type Shell } from '../cli/completion.js';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';

type CompletionResult = { readonly schemaVersion: 1; readonly shell: Shell; readonly script: string };

export default defineCommand({
  name: 'completion',
  summary: 'Print the completion script of a shell',
  examples: [
    { command: 'eval "$(aimaas completion bash)"', does: 'in ~/.bashrc (the same with zsh in ~/.zshrc)' },
    { command: 'aimaas completion fish | source', does: 'in ~/.config/fish/config.fish' },
  ],
  arguments: [{ name: 'SHELL', description: 'bash, zsh or fish', required: true }],
  options: {},
  async run([name = '']): Promise<CompletionResult> {
    const shell = SHELLS.find((known) => known === name);
    if (shell === undefined) {
      throw new AimaasError(
        'USAGE',
        `There is no completion for the shell "${name}". ${didYouMean(name, SHELLS)}`,
        {
          hint: `The shells are: ${SHELLS.join(', ')}.`,
        },
      );
    }
    const { loadCommands } = await import('./index.js');
    return { schemaVersion: 1, shell, script: completionScript(shell, await loadCommands()) };
  },
  render: ({ script }) => script,
  quiet: ({ script }) => script,
});
