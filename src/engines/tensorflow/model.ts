import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import type { DType, TensorData } from '../../core/tensor.js';
import { carrierOf } from '../../graph/tensorflow/interface.js';
import type { EngineOptions } from '../engine.js';
import type { HostProcess } from './host-process.js';
import { openHost } from './hosts.js';

/** A SavedModel that TensorFlow has loaded. */
export class LoadedModel {
  private readonly host: HostProcess;
  private readonly id: number;

  private constructor(host: HostProcess, id: number) {
    this.host = host;
    this.id = id;
  }

  /** Loads the content of a saved_model.pb. */
  static async open(bytes: Uint8Array, options: EngineOptions): Promise<LoadedModel> {
    const host = await openHost(options);
    const folder = await mkdtemp(join(tmpdir(), 'aimaas-graph-'));
    try {
      await writeFile(join(folder, 'saved_model.pb'), bytes);
      return new LoadedModel(host, await host.open(folder));
    } catch (cause) {
      throw failure('TensorFlow rejects the compiled model', cause);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Runs the model. Tensors are given and got in the types that the addon passes (see graph/tensorflow/interface.ts). */
  async run(
    feeds: Readonly<Record<string, TensorData>>,
    fetches: readonly string[],
  ): Promise<readonly TensorData[]> {
    try {
      return await this.host.run(this.id, feeds, fetches);
    } catch (cause) {
      throw failure('TensorFlow failed', cause);
    }
  }

  async close(): Promise<void> {
    if (this.host.alive) await this.host.close(this.id);
  }
}

function failure(what: string, cause: unknown): AimaasError {
  if (cause instanceof AimaasError) return cause;
  const { message } = cause as Error;
  if (/OOM|RESOURCE_EXHAUSTED|ResourceExhausted|out of memory/i.test(message)) {
    return new AimaasError('ENGINE_UNAVAILABLE', `TensorFlow has not enough memory: ${message}`, {
      hint: 'Fewer rows at a time: --batch-size, or compute on the CPU: --device cpu',
      cause,
    });
  }
  return new AimaasError('INTERNAL', `${what}: ${message}`, { cause });
}

/** The tensor in the type under which it passes through the addon, over the same memory. */
export function carried(tensor: TensorData): TensorData {
  const dtype = carrierOf(tensor.dtype);
  if (dtype === tensor.dtype) return tensor;
  const { buffer, byteOffset, length } = tensor.data as Float64Array;
  return { ...tensor, dtype, data: new BigInt64Array(buffer, byteOffset, length) };
}

/** And back to the type that it has in the graph. */
export function uncarried(tensor: TensorData, dtype: DType): TensorData {
  if (carrierOf(dtype) === dtype) return tensor;
  const { buffer, byteOffset, length } = tensor.data as BigInt64Array;
  return { ...tensor, dtype, data: new Float64Array(buffer, byteOffset, length) };
}
