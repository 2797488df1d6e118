import { AimaasError } from '../../core/errors.js';
import { unsupportedOperation } from '../kernels/index.js';
import { activeTracer, tracerIfAny } from './active.js';
import { registerGradients } from './gradients.js';
import { SCAN } from '../scan/layout.js';
import { recordScan } from '../scan/trace.js';
import { tf } from './tensorflow.js';
import type { DataId } from './tracer.js';

export const TRACE_BACKEND = 'trace';

function noValues(): never {
  throw new AimaasError(
    'UNSUPPORTED',
    'The value of a tensor was read while the model was being compiled, where tensors have no values yet.',
    {
      hint: 'Use tfjs operations only (no dataSync, arraySync, data or array) in layers, losses and metrics.',
    },
  );
}

/** A tfjs backend that computes nothing: data are values of the graph being made. */
class TraceBackend extends tf.KernelBackend {
  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    return activeTracer().write(values, shape, dtype);
  }
  override readSync(): never {
    return noValues();
  }
  override read(): never {
    return noValues();
  }
  override refCount(dataId: DataId): number {
    return tracerIfAny()?.references(dataId) ?? 0;
  }
  override incRef(dataId: DataId): void {
    tracerIfAny()?.retain(dataId);
  }
  override disposeData(dataId: DataId, force = false): boolean {
    return tracerIfAny()?.release(dataId, force) ?? true;
  }
  override numDataIds(): number {
    return tracerIfAny()?.size ?? 0;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override dispose(): void {
    // Nothing is held outside of the tracer.
  }
}

let registered = false;

/** Makes the backend known to tfjs, with every kernel that tfjs has; what a graph cannot hold fails by name. */
export function registerTraceBackend(): void {
  registerGradients();
  if (registered) return;
  registered = true;
  tf.registerBackend(TRACE_BACKEND, () => new TraceBackend(), 0);
  tf.registerKernel({
    kernelName: SCAN,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, attrs }) => recordScan(activeTracer(), inputs, attrs),
  });
  // tfjs exports the name of every kernel as a string constant.
  const names = new Set<string>(Object.values(tf).filter((value) => typeof value === 'string'));
  for (const kernel of tf.getKernelsForBackend('cpu')) names.add(kernel.kernelName);
  for (const kernelName of names) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const outputs = activeTracer().record(kernelName, inputs, attrs ?? {});
        const [first] = outputs;
        if (first === undefined) throw unsupportedOperation(kernelName);
        return listKernels.has(kernelName) ? outputs : first;
      },
    });
  }
}

/** Kernels whose result tfjs takes as an array even where there is one output. */
const listKernels = new Set(['SplitV', 'Unpack', 'TopK']);
