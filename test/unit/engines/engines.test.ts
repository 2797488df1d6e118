import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseEngine, ENGINE_NAMES, engine, probeEngines } from '../../../src/engines/index.js';
import { defaultThreads } from '../../../src/engines/onnxruntime/threads.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

describe('engines', () => {
  beforeEach(async () => {
    vi.stubEnv('AIMAAS_HOME', await mkdtemp(join(tmpdir(), 'aimaas-home-')));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
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
    const onGpu = await chooseEngine('auto', 'webgpu');
    expect([onGpu.engine.name, onGpu.device]).toEqual(['onnxruntime', 'webgpu']);
    expect((await chooseEngine('reference')).engine.name).toBe('reference');
    await expect(chooseEngine('tensorflow')).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: 'aimaas engines install tensorflow',
    });
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

  it('use one thread for small matrices', () => {
    const graph = (size: number) => {
      const builder = new GraphBuilder();
      const x = builder.input('x', [32, size]);
      const w = builder.input('w', [size, size]);
      builder.output('y', builder.op('BatchMatMul', [x, w]));
      return builder.build();
    };
    expect(defaultThreads(graph(128))).toBe(1);
    expect(defaultThreads(graph(2048))).toBeGreaterThanOrEqual(defaultThreads(graph(128)));
  });

  it('say what is wrong with a device that is not there', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [1])]));
    const compiling = (await engine('onnxruntime')).compile(builder.build(), { device: 'cuda' });
    await expect(compiling).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', hint: /--device cpu/ });
  });
});
