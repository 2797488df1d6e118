import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { InstallEngineResult } from '../steps/engines-install.js';

export default defineCommand({
  name: 'engines install',
  summary: 'Set up an engine that npm does not bring along: TensorFlow, for NVIDIA GPUs',
  description:
    'Makes the addon of @tensorflow/tfjs-node-gpu work, in a folder of your own (AIMAAS_HOME); nothing in node_modules ' +
    'is changed. With --python, the addon is compiled against the TensorFlow of a Python environment, which needs a C++ ' +
    'compiler and gives you the newest TensorFlow and CUDA: pip install tensorflow, or tensorflow[and-cuda] for a GPU. ' +
    'Without it, tfjs-node-gpu downloads the library it was made for: TensorFlow 2.9.1 for CUDA 11.2. Either way a few ' +
    'training steps are checked before the engine counts as installed, and aimaas engines uninstall takes it away again.',
  examples: [
    {
      command: 'aimaas engines install tensorflow --python .venv',
      does: 'use the TensorFlow of a Python environment',
    },
    { command: 'aimaas engines install tensorflow --yes', does: 'download what tfjs-node-gpu was made for' },
  ],
  arguments: [{ name: 'ENGINE', description: 'Name of the engine: tensorflow', required: true }],
  options: {
    python: {
      type: 'string',
      placeholder: 'PATH',
      description: 'A Python, or the folder of its environment, that has TensorFlow',
      defaultText: 'download a library instead',
      commandLineOnly: true,
    },
  },
  async run([engine = ''], { python }, context): Promise<InstallEngineResult> {
    const { prepareInstallation } = await import('../steps/engines-install.js');
    const prepared = await prepareInstallation({ engine, python }, context);
    const { actions } = prepared;
    for (const action of actions) context.reporter.info(`${action}.`);
    if (!(await context.confirm('Do this?'))) {
      const command = `aimaas engines install ${engine}${python === undefined ? '' : ` --python ${python}`} --yes`;
      throw new AimaasError(
        'USAGE',
        `Nothing was installed: it needs a yes. It would: ${actions.join('; ')}.`,
        {
          hint: command,
        },
      );
    }
    return prepared.carryOut();
  },
  render({ engine, version, gpu, folder }, style) {
    const device = gpu
      ? 'It computes on a GPU, and --engine auto uses it.'
      : 'It sees no GPU and computes on the CPU, so --engine auto goes on with ONNX Runtime.';
    return [
      `${style.green('✔')} ${style.bold(engine)} ${version} is set up in ${folder} and trains.`,
      device,
      `Next: ${style.bold(`aimaas train --engine ${engine}`)}, or ${style.bold('aimaas engines')}`,
    ].join('\n\n');
  },
  quiet: ({ version }) => version,
});
