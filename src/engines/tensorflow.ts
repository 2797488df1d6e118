import type { Engine, EngineInfo } from './engine.js';
import { compileExecutable } from './tensorflow/executable.js';
import { aboutGpu, openHost, startedHost } from './tensorflow/hosts.js';
import { findInstallation, NOT_INSTALLED } from './tensorflow/installation.js';
import { compileTraining } from './tensorflow/training.js';

/** Runs graphs in sessions of TensorFlow, through the addon of tfjs-node-gpu: on an NVIDIA GPU where there is one. */
export const tensorflowEngine: Engine = {
  name: 'tensorflow',
  probe,
  requireDevice: async (device) => {
    await openHost({ device });
  },
  compile: compileExecutable,
  compileTraining,
};

async function probe(): Promise<EngineInfo> {
  const info = { name: 'tensorflow', version: null, devices: [], note: null };
  const installation = findInstallation();
  if (installation === undefined) {
    return {
      ...info,
      available: false,
      reason: `${NOT_INSTALLED} To set it up: aimaas engines install tensorflow`,
    };
  }
  try {
    const { host, description } = await startedHost({});
    const where = installation.record?.library ?? installation.addon;
    const said = description.gpu ? null : aboutGpu(host.lines);
    return {
      ...info,
      available: true,
      reason: null,
      version: description.version,
      devices: description.gpu ? ['cuda', 'cpu'] : ['cpu'],
      note: [
        `TensorFlow of ${where}`,
        description.gpu ? 'computes on a GPU' : `sees no GPU${said === null ? '' : ` (${said})`}`,
      ].join(', '),
    };
  } catch (error) {
    return { ...info, available: false, reason: (error as Error).message };
  }
}
