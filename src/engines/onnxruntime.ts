import { createRequire } from 'node:module';
import { compileExecutable } from './onnxruntime/executable.js';
import { presentDevices } from './onnxruntime/devices.js';
import { loadOnnxRuntime } from './onnxruntime/session.js';
import { compileTraining } from './onnxruntime/training.js';
import type { Engine } from './engine.js';

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
        devices: presentDevices(runtime),
        note: null,
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { name: 'onnxruntime', available: false, reason, version: null, devices: [], note: null };
    }
  },
  compile: compileExecutable,
  compileTraining,
};

function packageVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}
