import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { Engine, EngineInfo } from './engine.js';

/** The engines by name, each loaded when it is asked for. */
const loaders = {
  onnxruntime: async () => (await import('./onnxruntime.js')).onnxruntimeEngine,
  tensorflow: async () => (await import('./tensorflow.js')).tensorflowEngine,
  reference: async () => (await import('./reference.js')).referenceEngine,
} satisfies Record<string, () => Promise<Engine>>;

export type EngineName = keyof typeof loaders;

export const ENGINE_NAMES = Object.keys(loaders) as EngineName[];

/** What `auto` stands for: the fastest engine that needs nothing installed. */
export const DEFAULT_ENGINE: EngineName = 'onnxruntime';

function isEngineName(name: string): name is EngineName {
  return Object.hasOwn(loaders, name);
}

/** The engine of a name, or the one that `auto` stands for. USAGE for an unknown name. */
export async function engine(name: string = 'auto'): Promise<Engine> {
  const chosen = name === 'auto' ? DEFAULT_ENGINE : name;
  if (!isEngineName(chosen)) {
    throw new AimaasError(
      'USAGE',
      `There is no engine "${name}". ${didYouMean(name, ['auto', ...ENGINE_NAMES])}`,
      {
        hint: 'aimaas engines',
      },
    );
  }
  return loaders[chosen]();
}

/** Every engine and whether it can run here. */
export async function probeEngines(): Promise<EngineInfo[]> {
  return Promise.all(ENGINE_NAMES.map(async (name) => (await engine(name)).probe()));
}
