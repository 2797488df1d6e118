import { describe, expect, it } from 'vitest';
import { AimaasError } from '../../../src/core/errors.js';
import { float32 } from '../../../src/core/tensor.js';
import { engine } from '../../../src/engines/index.js';
import { toOnnx } from '../../../src/graph/onnx/index.js';
import { trace } from '../../../src/graph/trace.js';
import { layers, tf } from './helpers.js';

const x = { shape: [2, 3] };

function failure(body: () => unknown): AimaasError {
  try {
    body();
  } catch (error) {
    if (error instanceof AimaasError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

async function run(graph: ReturnType<typeof trace>, name: string, values: number[]) {
  const executable = await (await engine(name)).compile(graph, {});
  const results = await executable.run({ x: float32([2, 3], Float32Array.from(values)) });
  await executable.dispose();
  return results;
}

describe('trace', () => {
  it('keeps tensors made before as constants, and computes on both engines', async () => {
    const weights = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const graph = trace(({ x }) => ({ y: tf.matMul(x as tf.Tensor, weights) }), { x });
    weights.dispose();
    for (const name of ['reference', 'onnxruntime']) {
      const { y } = await run(graph, name, [1, 0, 0, 0, 1, 1]);
      expect(Array.from(y?.data as Float32Array)).toEqual([1, 2, 8, 10]);
    }
  });

  it('gives outputs that are inputs, constants, or the same value twice', async () => {
    const constant = tf.scalar(7);
    const graph = trace(
      ({ x }) => {
        const doubled = tf.mul(x as tf.Tensor, 2);
        return { same: x as tf.Tensor, constant, a: doubled, b: doubled };
      },
      { x },
    );
    for (const name of ['reference', 'onnxruntime']) {
      const results = await run(graph, name, [1, 2, 3, 4, 5, 6]);
      expect(Array.from(results['same']?.data as Float32Array)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(Array.from(results['constant']?.data as Float32Array)).toEqual([7]);
      expect(results['a']?.data).toEqual(results['b']?.data);
    }
  });

  it('refuses to read values, in words about models rather than backends', () => {
    const error = failure(() =>
      trace(({ x }) => ({ y: tf.scalar((x as tf.Tensor).dataSync()[0] ?? 0) }), { x }),
    );
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('value of a tensor was read');
    expect(tf.getBackend()).toBe('cpu');
  });

  it('names the operation and the layer where it cannot be compiled', () => {
    class Odd extends layers.layers.Layer {
      static className = 'Odd';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        const [input] = Array.isArray(inputs) ? inputs : [inputs];
        return tf.real(tf.spectral.fft(tf.complex(input as tf.Tensor, input as tf.Tensor)));
      }
    }
    const model = layers.sequential({
      layers: [layers.layers.dense({ units: 4, inputShape: [3] }), new Odd({ name: 'odd_one' })],
    });
    const error = failure(() => trace(({ x }) => ({ y: model.apply(x as tf.Tensor) as tf.Tensor }), { x }));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('"odd_one"');
    expect(error.message).toMatch(/Complex|FFT/);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('refuses writes to weights that are not part of the state, which would lose their values', () => {
    const model = layers.sequential({ layers: [layers.layers.batchNormalization({ inputShape: [3] })] });
    const error = failure(() =>
      trace(({ x }) => ({ y: model.apply(x as tf.Tensor, { training: true }) as tf.Tensor }), { x }),
    );
    expect(error.message).toContain('moving_mean');
    expect(Array.from(model.getWeights()[2]?.dataSync() ?? [])).toEqual([0, 0, 0]);
  });

  it('cannot be nested', () => {
    expect(() =>
      trace(
        ({ x }) => {
          trace((inner) => ({ y: inner['x'] as tf.Tensor }), { x: { shape: [1] } });
          return { y: x as tf.Tensor };
        },
        { x },
      ),
    ).toThrow(/inside trace/);
  });

  it('writes the same file twice', () => {
    const graph = () => trace(({ x }) => ({ y: tf.softmax(x as tf.Tensor) }), { x });
    expect(toOnnx(graph())).toEqual(toOnnx(graph()));
  });
});
