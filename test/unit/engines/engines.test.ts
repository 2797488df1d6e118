import { describe, expect, it } from 'vitest';
import { ENGINE_NAMES, engine, probeEngines } from '../../../src/engines/index.js';
import { defaultThreads } from '../../../src/engines/onnxruntime/threads.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

describe('engines', () => {
  it('are found by name, auto included, and a misspelt one gets a proposal', async () => {
    expect((await engine()).name).toBe('onnxruntime');
    expect((await engine('reference')).name).toBe('reference');
    await expect(engine('onnxruntim')).rejects.toMatchObject({
      code: 'USAGE',
      message: /Did you mean "onnxruntime"/,
    });
    await expect(engine('toString')).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('say whether they can run here', async () => {
    const infos = await probeEngines();
    expect(infos.map(({ name }) => name)).toEqual(ENGINE_NAMES);
    for (const info of infos) {
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
