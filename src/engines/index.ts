import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import { ENGINE_NAMES, type EngineName } from '../core/training-names.js';
import type { Device, Engine, EngineInfo } from './engine.js';
import { mayHaveGpu } from './tensorflow/gpu.js';
import { findInstallation, requireInstallation } from './tensorflow/installation.js';

/** The engines by name, each loaded when it is asked for. */
const loaders = {
  onnxruntime: async () => (await import('./onnxruntime.js')).onnxruntimeEngine,
  tensorflow: async () => (await import('./tensorflow.js')).tensorflowEngine,
  reference: async () => (await import('./reference.js')).referenceEngine,
} satisfies Record<EngineName, () => Promise<Engine>>;

function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(loaders, name);
}

/** The engine of a name. USAGE for an unknown one. */
export async function engine(name: string): Promise<Engine> {
  if (!isEngineName(name)) {
    throw new AimaasError(
      'USAGE',
      `There is no engine "${name}". ${didYouMean(name, ['auto', ...ENGINE_NAMES])}`,
      { hint: 'aimaas engines' },
    );
  }
  return loaders[name]();
}

/** An engine and the device that it will compute on. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly device: Device;
  /** Why it is this one, for the user. */
  readonly reason: string;
}

/**
 * What `auto`, or an engine without a device, stands for here: TensorFlow where it computes on a GPU, else ONNX Runtime,
 * which needs nothing installed and is faster on a CPU.
 * @throws AimaasError USAGE for an unknown name; ENGINE_UNAVAILABLE for a named engine or device that cannot run here.
 */
export async function chooseEngine(name: string = 'auto', device?: Device): Promise<ChosenEngine> {
  const chosen = await choice(name, device);
  if (device !== undefined && device !== 'cpu') await chosen.engine.requireDevice(device);
  return chosen;
}

async function choice(name: string, device: Device | undefined): Promise<ChosenEngine> {
  if (name !== 'auto') {
    const chosen = await engine(name);
    if (name === 'tensorflow') requireInstallation();
    const own = name === 'tensorflow' && device === undefined && (await tensorflowSeesGpu()) ? 'cuda' : 'cpu';
    return { engine: chosen, device: device ?? own, reason: 'It was asked for.' };
  }
  const [wantsOther, installed] = [device === 'cpu' || device === 'webgpu', findInstallation() !== undefined];
  if (!wantsOther && installed && (await tensorflowSeesGpu())) {
    return {
      engine: await engine('tensorflow'),
      device: 'cuda',
      reason: 'TensorFlow computes on a GPU here.',
    };
  }
  const reason = wantsOther
    ? `It is the engine for the device "${device ?? ''}".`
    : installed
      ? 'TensorFlow is set up, but sees no GPU; on a CPU, ONNX Runtime is the default.'
      : 'It needs nothing set up. With an NVIDIA GPU, TensorFlow may be faster: aimaas engines install tensorflow';
  return { engine: await engine('onnxruntime'), device: device ?? 'cpu', reason };
}

async function tensorflowSeesGpu(): Promise<boolean> {
  if (!mayHaveGpu()) return false;
  const { devices } = await (await engine('tensorflow')).probe();
  return devices.includes('cuda');
}

/** Every engine and whether it can run here. */
export async function probeEngines(): Promise<EngineInfo[]> {
  return Promise.all(ENGINE_NAMES.map(async (name) => (await engine(name)).probe()));
}
