import { AimaasError } from '../../core/errors.js';
import type { EngineOptions } from '../engine.js';
import { mayHaveGpu } from './gpu.js';
import { requireInstallation } from './installation.js';
import { HostProcess } from './host-process.js';
import type { Description } from './messages.js';

/** Time a process has to load TensorFlow's libraries, which lie on a cold disk at first. */
const START_MILLISECONDS = 180_000;

const hosts = new Map<string, HostProcess>();

/** What the process is started with besides what it inherits; what the user has set stays. */
export function environment({ device, threads }: EngineOptions): Record<string, string> {
  const wanted: Record<string, string> = {
    // Warnings and errors: they say why a GPU is not used.
    TF_CPP_MIN_LOG_LEVEL: '1',
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // The same command gives the same numbers, on a GPU too.
    TF_DETERMINISTIC_OPS: '1',
    ...(threads === undefined ? {} : { TF_NUM_INTRAOP_THREADS: String(threads) }),
  };
  const unset = Object.entries(wanted).filter(([name]) => process.env[name] === undefined);
  return {
    ...Object.fromEntries(unset),
    ...(device === 'cpu' && mayHaveGpu() ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
  };
}

/**
 * The process with TensorFlow in it for these options; started when there is none.
 * @throws AimaasError ENGINE_UNAVAILABLE when TensorFlow is not installed, cannot be loaded, or lacks the device.
 */
export async function openHost(options: EngineOptions): Promise<HostProcess> {
  const { device } = options;
  if (device === 'webgpu') {
    throw new AimaasError('ENGINE_UNAVAILABLE', 'TensorFlow has no device "webgpu". It has: cpu, cuda.', {
      hint: 'aimaas train --engine onnxruntime --device webgpu',
    });
  }
  const { host, description } = await startedHost(options);
  host.listener = options.log;
  if (device === 'cuda' && !description.gpu) {
    const said = aboutGpu(host.lines);
    throw new AimaasError(
      'ENGINE_UNAVAILABLE',
      `TensorFlow ${description.version} sees no GPU that it can compute on.${said === null ? '' : ` It says: ${said}`}`,
      { hint: 'aimaas engines, or run with --device cpu' },
    );
  }
  return host;
}

/** The process and what TensorFlow is in it. */
export async function startedHost(
  options: EngineOptions,
): Promise<{ readonly host: HostProcess; readonly description: Description }> {
  const { addon } = requireInstallation();
  const env = environment(options);
  const key = JSON.stringify([addon, env]);
  const known = hosts.get(key);
  const host = known?.alive === true ? known : new HostProcess({ addon, env });
  hosts.set(key, host);
  try {
    return { host, description: await within(START_MILLISECONDS, host.describe()) };
  } catch (cause) {
    hosts.delete(key);
    host.kill();
    if (cause instanceof AimaasError) throw cause;
    throw new AimaasError('ENGINE_UNAVAILABLE', `TensorFlow cannot be loaded: ${(cause as Error).message}`, {
      hint: 'Install it again: aimaas engines install tensorflow',
      cause,
    });
  }
}

/** What TensorFlow's own lines say about why it uses no GPU; null if nothing. */
export function aboutGpu(lines: readonly string[]): string | null {
  const line = lines.find((text) => /cuda|gpu|cudnn/i.test(text));
  // "2026-01-01 10:00:00.000000: W file.cc:12] text"
  return line === undefined ? null : line.replace(/^.*?\] /, '').trim();
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`nothing was heard from it for ${milliseconds / 1000} seconds.`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
