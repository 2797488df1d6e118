import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type TensorData } from '../../src/core/tensor.js';
import { Random } from '../../src/core/random.js';
import type { Engine, TrainingSession } from '../../src/engines/engine.js';
import { engine } from '../../src/engines/index.js';
import { LoadedModel } from '../../src/engines/tensorflow/model.js';
import { startedHost } from '../../src/engines/tensorflow/hosts.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { SYMBOLIC_BATCH as B } from '../../src/graph/symbolic.js';
import { trainingModel } from '../../src/graph/tensorflow/training-model.js';
import { layers, randomFloats, tf, traceStep } from '../unit/graph/helpers.js';

/** Needs TensorFlow: scripts/ci/tensorflow.sh installs it and runs these. */
const INSTALLED = process.env['AIMAAS_TEST_ENGINE'] === 'tensorflow';

const ROWS = 64;
const BATCH = 16;
const STEPS = 12;

function network(): ReturnType<typeof traceStep> {
  const input = layers.input({ shape: [6, 6, 2] });
  const convolved = layers.layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }).apply(input);
  const flat = layers.layers.flatten().apply(convolved);
  const outputs = layers.layers.dense({ units: 3 }).apply(flat) as layers.SymbolicTensor;
  return traceStep(layers.model({ inputs: input, outputs }), {
    batch: BATCH,
    target: [3],
    loss: (y, p) => tf.losses.meanSquaredError(y, p),
  });
}

const indices = Int32Array.from({ length: STEPS * BATCH }, (_, i) => (i * 7) % ROWS);

function part(from: number, to: number): Parameters<TrainingSession['run']>[0] {
  return {
    count: to - from,
    indices: indices.slice(from * BATCH, to * BATCH),
    perStep: { lr: float32([to - from], new Float32Array(to - from).fill(0.01)) },
  };
}

describe.runIf(INSTALLED)('the TensorFlow engine', () => {
  let tensorflow: Engine;
  let traced: ReturnType<typeof traceStep>;
  beforeAll(async () => {
    tensorflow = await engine('tensorflow');
    traced = network();
  });
  afterAll(async () => {
    (await startedHost({})).host.kill();
  });

  async function started(state: Record<string, TensorData> = traced.state): Promise<TrainingSession> {
    const session = await tensorflow.compileTraining(traced.step, {});
    await session.load({ x: randomFloats([ROWS, 6, 6, 2], 5), y: randomFloats([ROWS, 3], 6) });
    await session.writeState(state);
    return session;
  }

  it('gives the same bits however its steps are cut, and after its state went through a checkpoint', async () => {
    const whole = await started();
    const expected = await whole.run(part(0, STEPS));
    const end = await whole.readState();
    const first = await started();
    await first.run(part(0, 5));
    const middle = await first.readState();
    const second = await started(structuredClone(middle));
    await second.run(part(5, 6));
    const rest = await second.run(part(6, STEPS));
    expect(rest['loss']?.data).toEqual(expected['loss']?.data.slice(6));
    expect(await second.readState()).toEqual(end);
    // What was read does not change when training goes on.
    await first.run(part(5, STEPS));
    expect(await first.readState()).toEqual(end);
    expect(middle).not.toEqual(end);
    for (const session of [whole, first, second]) await session.dispose();
  });

  it('gives the same numbers with the loop inside the graph and as a call', async () => {
    const results: Float32Array[] = [];
    for (const inlined of [true, false]) {
      const { bytes, state, data, run } = trainingModel(traced.step, { inlined });
      const model = await LoadedModel.open(bytes, {});
      const given = { ...traced.state, x: randomFloats([ROWS, 6, 6, 2], 5), y: randomFloats([ROWS, 3], 6) };
      for (const [name, tensor] of Object.entries(given)) {
        const variable = state.get(name) ?? data.get(name);
        if (variable !== undefined) await model.run({ [variable.feed]: tensor }, [variable.written]);
      }
      await model.run(
        {
          [run.steps]: { dtype: 'int32', shape: [], data: Int32Array.of(STEPS) },
          [run.indices ?? '']: { dtype: 'int32', shape: [STEPS, BATCH], data: indices },
          [run.perStep.get('lr') ?? '']: float32([STEPS], new Float32Array(STEPS).fill(0.01)),
        },
        [run.done],
      );
      const [parameters] = await model.run({}, [state.get('p')?.read ?? '']);
      results.push(parameters?.data as Float32Array);
      await model.close();
    }
    // TensorFlow fuses operations of the two forms differently on some processors, so the last bits may differ. Which form
    // is taken follows from the graph alone (hasBigOperations), so that a training repeats to the bit all the same.
    const [inlined = new Float32Array(), called = new Float32Array()] = results;
    expect(called.length).toBe(inlined.length);
    expect(inlined.length).toBeGreaterThan(100);
    const differences = inlined.map((value, i) => Math.abs(value - (called[i] ?? NaN)));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  it('passes every type in and out, and any number of rows', async () => {
    const builder = new GraphBuilder();
    for (const dtype of ['float32', 'float64', 'int32', 'int64', 'bool', 'string'] as const) {
      builder.output(
        `${dtype}_out`,
        builder.op('Reshape', [builder.input(dtype, [B, 1], dtype)], { shape: [B] }),
      );
    }
    const executable = await tensorflow.compile(builder.build(), {});
    const inputs = {
      float32: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(0.1, NaN) },
      float64: { dtype: 'float64', shape: [2, 1], data: Float64Array.of(0.1, 1e300) },
      int32: { dtype: 'int32', shape: [2, 1], data: Int32Array.of(-1, 2 ** 31 - 1) },
      int64: { dtype: 'int64', shape: [2, 1], data: BigInt64Array.of(-(2n ** 60n), 2n ** 62n) },
      bool: { dtype: 'bool', shape: [2, 1], data: Uint8Array.of(0, 1) },
      string: { dtype: 'string', shape: [2, 1], data: ['né "q"\n', ''] },
    } as const;
    const outputs = await executable.run(inputs);
    for (const [name, { data }] of Object.entries(inputs)) {
      expect(outputs[`${name}_out`]).toMatchObject({ dtype: name, shape: [2] });
      expect([...(outputs[`${name}_out`]?.data as Iterable<unknown>)]).toEqual([
        ...(data as Iterable<unknown>),
      ]);
    }
    await executable.dispose();
  });

  it('takes more bytes than fit one message', async () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', [B, 1024]);
    builder.output('sums', builder.op('Sum', [x], { axis: [1], keepDims: false }));
    const executable = await tensorflow.compile(builder.build(), {});
    const rows = 9 * 1024;
    const random = new Random(3);
    const data = new Float32Array(rows * 1024);
    for (let row = 0; row < rows; row++) data[row * 1024 + random.integer(1024)] = row;
    const { sums } = await executable.run({ x: float32([rows, 1024], data) });
    expect(sums?.data).toEqual(Float32Array.from({ length: rows }, (_, row) => row));
    await executable.dispose();
  });

  it('says which device it lacks', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [1])]));
    const graph = builder.build();
    await expect(tensorflow.compile(graph, { device: 'webgpu' })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: /onnxruntime/,
    });
    const { devices } = await tensorflow.probe();
    if (devices.includes('cuda')) return;
    await expect(tensorflow.compile(graph, { device: 'cuda' })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      hint: /--device cpu/,
    });
  });

  it('says so when its process dies, and starts another', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [1])]));
    const graph = builder.build();
    const options = { threads: 1 };
    const executable = await tensorflow.compile(graph, options);
    const { host } = await startedHost(options);
    host.kill();
    const x = float32([1], Float32Array.of(2));
    await expect(executable.run({ x })).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: /SIGKILL/,
    });
    await executable.dispose();
    const again = await tensorflow.compile(graph, options);
    expect((await again.run({ x }))['y']?.data).toEqual(Float32Array.of(-2));
    await again.dispose();
    (await startedHost(options)).host.kill();
  });

  it('fails before TensorFlow does where the inputs do not fit', async () => {
    const builder = new GraphBuilder();
    builder.output('y', builder.op('Neg', [builder.input('x', [B, 2])]));
    const executable = await tensorflow.compile(builder.build(), {});
    await expect(executable.run({ x: float32([1, 3], new Float32Array(3)) })).rejects.toThrow(
      /expected float32/,
    );
    await executable.dispose();
  });
});
