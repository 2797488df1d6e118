import { createRequire } from 'node:module';
import { deviceProblem, requireDevice } from './onnxruntime/device-check.js';
import { presentDevices } from './onnxruntime/devices.js';
import type { OrtModule } from './onnxruntime/runtime.js';
import { loadOnnxRuntime } from './onnxruntime/session.js';
import { DEVICES, type Engine, type EngineInfo } from './engine.js';

/** Runs graphs as ONNX models in ONNX Runtime: native, and nothing to install beside its package. */
export const onnxruntimeEngine: Engine = {
  name: 'onnxruntime',
  async probe() {
    try {
      const runtime = await loadOnnxRuntime();
      return {
        name: 'onnxruntime',
        available: true,
        reason: null,
        version: packageVersion(),
        ...(await devicesOf(runtime)),
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { name: 'onnxruntime', available: false, reason, version: null, devices: [], note: null };
    }
  },
  requireDevice: async (device) => {
    if (device !== 'cpu') await requireDevice(await loadOnnxRuntime(), device);
  },
  // What writes ONNX is loaded when a graph is compiled: most commands open models that are ONNX already.
  compile: async (graph, options) => {
    const { compileExecutable } = await import('./onnxruntime/executable.js');
    return compileExecutable(graph, options);
  },
  compileTraining: async (step, options) => {
    const { compileTraining } = await import('./onnxruntime/training.js');
    return compileTraining(step, options);
  },
};

/** The devices that work, and why those do not whose libraries are there. */
async function devicesOf(runtime: OrtModule): Promise<Pick<EngineInfo, 'devices' | 'note'>> {
  const present = DEVICES.filter((device) => presentDevices(runtime).includes(device));
  const problems = await Promise.all(present.map((device) => deviceProblem(runtime, device)));
  const notes = problems.flatMap((problem, i) =>
    problem === undefined ? [] : [`${present[i] ?? ''}: ${problem.reason}. ${problem.needs}.`],
  );
  return {
    devices: present.filter((_, i) => problems[i] === undefined),
    note: notes.length === 0 ? null : notes.join('\n'),
  };
}

function packageVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}
