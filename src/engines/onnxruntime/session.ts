import type * as ort from 'onnxruntime-node';
import { AimaasError } from '../../core/errors.js';
import type { EngineOptions } from '../engine.js';
import { requireDevice } from './device-check.js';
import { importOnnxRuntime, type OrtModule } from './runtime.js';

/** Loads the runtime's native library; ENGINE_UNAVAILABLE where it cannot be. */
export async function loadOnnxRuntime(): Promise<OrtModule> {
  try {
    return await importOnnxRuntime();
  } catch (cause) {
    throw new AimaasError('ENGINE_UNAVAILABLE', `ONNX Runtime cannot be loaded: ${String(cause)}`, {
      hint: 'npm install onnxruntime-node',
      cause,
    });
  }
}

/** Errors only: the runtime's warnings are about its own optimizations. */
const LOG_ERRORS = 3;

/** Opens a model. `threads` is the number of threads inside one operation. */
export async function openSession(
  runtime: OrtModule,
  model: Uint8Array,
  threads: number,
  options: EngineOptions,
): Promise<ort.InferenceSession> {
  const device = options.device ?? 'cpu';
  await requireDevice(runtime, device);
  try {
    return await runtime.InferenceSession.create(model, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      logSeverityLevel: LOG_ERRORS,
      // Threads that spin while they wait slow down everything else on the machine, this process' own threads included.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    if (device !== 'cpu') {
      throw new AimaasError(
        'ENGINE_UNAVAILABLE',
        `ONNX Runtime cannot compile this model for the device "${device}".`,
        { hint: 'Run with --device cpu. What ONNX Runtime says of it: --debug', cause },
      );
    }
    throw new AimaasError('INTERNAL', `ONNX Runtime rejects the compiled model: ${String(cause)}`, { cause });
  }
}
