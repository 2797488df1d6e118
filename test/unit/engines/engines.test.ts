import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients of tfjs.
import '@tensorflow/tfjs-layers';
import type { AimaasError } from '../../../src/core/errors.js';
import { DEVICES } from '../../../src/engines/engine.js';
import { chooseEngine, engine, probeEngines } from '../../../src/engines/index.js';
import { ENGINE_NAMES } from '../../../src/core/training-names.js';
import { defaultThreads } from '../../../src/engines/onnxruntime/threads.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { scan } from '../../../src/graph/scan/trace.js';
import { trace } from '../../../src/graph/trace.js';
import { temporaryFolder } from '../../helpers/cli.js';

describe('engines', () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    home = await temporaryFolder();
    vi.stubEnv('AIMAAS_HOME', home.path);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await home.dispose();
  });

  it('are found by name, and a misspelt one gets a proposal', async () => {
    expect((await engine('reference')).name).toBe('reference');
    await expect(engine('onnxruntim')).rejects.toMatchObject({
      code: 'USAGE',
      message: /Did you mean "onnxruntime"/,
    });
    await expect(engine('toString')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('are chosen with a device and a reason', async () => {
    for (const asked of [undefined, 'auto']) {
      const { engine: chosen, device, reason } = await chooseEngine(asked);
      expect([chosen.name, device]).toEqual(['onnxruntime', 'cpu']);
      expect(reason).toContain('aimaas engines install tensorflow');
    }
    expect((await chooseEngine('reference')).engine.name).toBe('reference');
    await expect(chooseEngine('tensorflow')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: 'aimaas engines install tensorflow',
    });
  });

  it('refuse a device that they do not have or that is not here, before anything is begun', async () => {
    for (const device of ['webgpu', 'cuda'] as const) {
      await expect(chooseEngine('reference', device)).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: `The engine "reference" has no device "${device}". It has: cpu.`,
      });
    }
    const { devices = [], note } = (await probeEngines()).find(({ name }) => name === 'onnxruntime') ?? {};
    for (const device of ['webgpu', 'cuda'] as const) {
      const choosing = chooseEngine('onnxruntime', device);
      if (devices.includes(device)) {
        expect((await choosing).device).toBe(device);
        continue;
      }
      const error = await choosing.then(
        () => undefined,
        (problem: unknown) => problem as AimaasError,
      );
      expect(error).toMatchObject({ code: 'ENGINE_UNAVAILABLE', hint: /Or run with --device cpu\./ });
      expect(error?.message).toMatch(/^ONNX Runtime cannot compute on the device "\w+" here: [^\n]+\.$/);
      expect(error?.message).not.toMatch(/\.cc:|::|Error:/);
      expect(error?.hint).toMatch(
        device === 'cuda' ? /CUDA 12 and cuDNN 9|--device webgpu/ : /Vulkan|Metal|Direct3D/,
      );
      if (process.platform === 'linux' && device === 'webgpu') expect(note).toContain('webgpu: ');
    }
  });

  it('say whether they can run here', async () => {
    const infos = await probeEngines();
    expect(infos.map(({ name }) => name)).toEqual(ENGINE_NAMES);
    const tensorflow = infos.find(({ name }) => name === 'tensorflow');
    expect(tensorflow).toMatchObject({ available: false, version: null, devices: [] });
    expect(tensorflow?.reason).toContain('aimaas engines install tensorflow');
    for (const info of infos.filter(({ name }) => name !== 'tensorflow')) {
      expect(info).toMatchObject({ available: true, reason: null });
      expect(info.version).toMatch(/^\d+\.\d+/);
      expect(info.devices).toContain('cpu');
    }
  });

  it('list the devices that a graph does run on', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [2])]));
    const graph = builder.build();
    for (const { name, devices } of (await probeEngines()).filter(({ available }) => available)) {
      for (const device of DEVICES.filter((one) => devices.includes(one))) {
        const executable = await (await engine(name)).compile(graph, { device });
        const { y } = await executable.run({
          x: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) },
        });
        expect([...(y?.data as Float32Array)]).toEqual([-1, -2]);
        await executable.dispose();
      }
    }
  });

  it('use one thread for small matrices', () => {
    const graph = (size: number) => {
      const builder = new GraphBuilder();
      const x = builder.input('x', [32, size]);
      const w = builder.input('w', [size, size]);
      builder.output('y', builder.op('BatchMatMul', [x, w]));
      return builder.build();
    };
    expect(defaultThreads(graph(128))).toBe(1);
    expect(defaultThreads(graph(2048))).toBe(Math.min(8, availableParallelism()));
  });

  it('use one thread for loops of small matrices, however large those before the loop are', () => {
    const graph = (units: number) =>
      trace(
        ({ x, w, u, h }) => {
          const product = tf.reshape(tf.matMul(tf.reshape(x as tf.Tensor, [-1, 512]), w as tf.Tensor), [
            64,
            32,
            units,
          ]);
          const step = scan(
            ([state], [element]) => ({
              states: [tf.add(tf.matMul(state as tf.Tensor, u as tf.Tensor), element as tf.Tensor)],
              results: [],
            }),
            [h as tf.Tensor],
            [product],
          );
          return { y: step.states[0] as tf.Tensor };
        },
        {
          x: { shape: [64, 32, 512] },
          w: { shape: [512, units] },
          u: { shape: [units, units] },
          h: { shape: [32, units] },
        },
      );
    expect(defaultThreads(graph(128))).toBe(1);
    expect(defaultThreads(graph(2048))).toBe(Math.min(8, availableParallelism()));
  });

  it('say what is wrong with a device that is not there', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [1])]));
    const compiling = (await engine('onnxruntime')).compile(builder.build(), { device: 'cuda' });
    await expect(compiling).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', hint: /--device cpu/ });
  });
});
