import type { TensorData } from '../../src/core/tensor.js';
import { sizeOf } from '../../src/core/tensor.js';
import { Random } from '../../src/core/random.js';
import type { Engine, Tensors } from '../../src/engines/engine.js';
import { broadcastReader } from '../../src/engines/reference/own-ops.js';
import { engine } from '../../src/engines/index.js';
import type { Attributes, Graph } from '../../src/graph/graph.js';
import { broadcastShapes } from '../../src/graph/shapes.js';
import { trace } from '../../src/graph/trace.js';
import { tf } from '../unit/graph/helpers.js';

export interface InputSpec {
  readonly shape: readonly number[];
  /** Range of the numbers; [-1, 1) by default. */
  readonly range?: readonly [number, number];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** Numbers with distance at least this from each other and from zero, where an operation has kinks. */
  readonly apart?: number;
}

/** One call to be checked: the same on every engine, and its gradients right. */
export interface Case {
  readonly name: string;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  readonly build: (inputs: Record<string, tf.Tensor>) => tf.Tensor;
  /** Inputs whose gradient is checked; by default every float input. Empty: none. */
  readonly gradients?: readonly string[];
  /** False where tfjs' cpu backend is known to be wrong, so that only the gradient check remains. */
  readonly reference?: boolean;
  /**
   * The operation on numbers, where it is elementwise and ONNX Runtime, which the differences are taken with, has it in
   * single precision only: then they are taken in JavaScript.
   */
  readonly numbers?: (...x: number[]) => number;
  /** Relative tolerance between engines. */
  readonly tolerance?: number;
  /** True where the runtime has no float64 for the operation, which is linear in each input: differences are exact anyhow. */
  readonly linear?: boolean;
}

export function makeInput(spec: InputSpec, seed: string): TensorData {
  const random = Random.of(7, seed);
  const [low, high] = spec.range ?? [-1, 1];
  const size = sizeOf(spec.shape);
  const { shape } = spec;
  if (spec.dtype === 'int32') {
    return {
      dtype: 'int32',
      shape,
      data: Int32Array.from({ length: size }, () => low + random.integer(high - low)),
    };
  }
  if (spec.dtype === 'bool') {
    return { dtype: 'bool', shape, data: Uint8Array.from({ length: size }, () => random.integer(2)) };
  }
  const { apart } = spec;
  if (apart !== undefined) {
    const order = random.permutation(size);
    const data = Float32Array.from(order, (position) => {
      const offset = position - size / 2;
      return (offset < 0 ? offset : offset + 1) * apart;
    });
    return { dtype: 'float32', shape, data };
  }
  return {
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: size }, () => low + (high - low) * random.uniform()),
  };
}

/** The engine that is tested: AIMAAS_TEST_ENGINE=tensorflow where it is installed. */
export const TESTED = process.env['AIMAAS_TEST_ENGINE'] ?? 'onnxruntime';

const engines = new Map<string, Engine>();

/** Runs a graph once. */
export async function runOn(
  name: string,
  graph: Graph,
  inputs: Tensors,
): Promise<Record<string, TensorData>> {
  const chosen = engines.get(name) ?? (await engine(name));
  engines.set(name, chosen);
  const executable = await chosen.compile(graph, { threads: 1 });
  const given = Object.fromEntries(
    graph.inputs.map(({ name: input }) => [input, inputs[input] as TensorData]),
  );
  try {
    return await executable.run(given);
  } finally {
    await executable.dispose();
  }
}

/** y, and Σ y · weights with its gradients, where the weights make every element count differently. */
export function traceCase(test: Case): {
  value: Graph;
  loss: Graph;
  gradients: Graph | undefined;
  wrt: readonly string[];
} {
  const value = trace((x) => ({ y: test.build(x) }), test.inputs);
  const wrt =
    test.gradients ??
    Object.keys(test.inputs).filter((name) => (test.inputs[name]?.dtype ?? 'float32') === 'float32');
  const loss = (x: Record<string, tf.Tensor>): tf.Scalar => {
    const y = tf.cast(test.build(x), 'float32');
    const weights = tf.tensor(
      Array.from({ length: y.size }, (_, i) => Math.cos(i + 1)),
      y.shape,
      'float32',
    );
    return tf.sum(tf.mul(y, weights));
  };
  const lossGraph = trace((x) => ({ loss: loss(x) }), test.inputs);
  const gradients =
    wrt.length === 0
      ? undefined
      : trace((x) => {
          const others = (tensors: tf.Tensor[]) =>
            loss({ ...x, ...Object.fromEntries(wrt.map((name, i) => [name, tensors[i] as tf.Tensor])) });
          const grads = tf.grads((...tensors: tf.Tensor[]) => others(tensors))(
            wrt.map((name) => x[name] as tf.Tensor),
          );
          return Object.fromEntries(wrt.map((name, i) => [`d${name}`, grads[i] as tf.Tensor]));
        }, test.inputs);
  return { value, loss: lossGraph, gradients, wrt };
}

/** The same graph with float64 for float32: differences in it are good to ten digits. */
export function inDouble(graph: Graph): Graph {
  const attributes = (given: Attributes): Attributes =>
    given['dtype'] === 'float32' ? { ...given, dtype: 'float64' } : given;
  return {
    ...graph,
    values: graph.values.map((info) => (info.dtype === 'float32' ? { ...info, dtype: 'float64' } : info)),
    constants: new Map(
      [...graph.constants].map(([id, tensor]) => [
        id,
        tensor.dtype === 'float32' ? toDouble(tensor) : tensor,
      ]),
    ),
    nodes: graph.nodes.map((node) => ({
      ...node,
      attributes: attributes(node.attributes),
      ...(node.body === undefined ? {} : { body: inDouble(node.body) }),
    })),
  };
}

function toDouble(tensor: TensorData): TensorData {
  return { ...tensor, dtype: 'float64', data: Float64Array.from(tensor.data as Float32Array) };
}

/** Derivatives of a loss along directions. */
export interface Differences {
  along(inputs: Tensors, name: string, direction: Float64Array): Promise<number>;
  dispose(): Promise<void>;
}

/** Central differences of the loss of an elementwise operation, whose inputs broadcast against each other. */
function differencesOfNumbers(compute: (...x: number[]) => number, order: readonly string[]): Differences {
  const epsilon = 1e-5;
  const lossOf = (tensors: readonly TensorData[]): number => {
    const shape = tensors.reduce<number[]>((whole, tensor) => broadcastShapes(whole, tensor.shape), []);
    const readers = tensors.map((tensor) => broadcastReader(tensor, shape));
    let loss = 0;
    for (let i = 0; i < sizeOf(shape); i++) {
      loss += Math.cos(i + 1) * compute(...readers.map((read) => read(i)));
    }
    return loss;
  };
  const moved = (inputs: Tensors, name: string, direction: Float64Array, by: number): TensorData[] =>
    order.map((key) => {
      const tensor = inputs[key] as TensorData;
      const data = Float64Array.from(
        tensor.data as Float32Array,
        (x, i) => x + (key === name ? by * (direction[i] ?? 0) : 0),
      );
      return { dtype: 'float64', shape: tensor.shape, data };
    });
  return {
    along: (inputs, name, direction) => {
      const [after, before] = [epsilon, -epsilon].map((by) => lossOf(moved(inputs, name, direction, by)));
      return Promise.resolve(((after ?? 0) - (before ?? 0)) / (2 * epsilon));
    },
    dispose: () => Promise.resolve(),
  };
}

/** Central differences of a case's loss. */
export async function differences({ linear, numbers, inputs }: Case, loss: Graph): Promise<Differences> {
  if (numbers !== undefined) return differencesOfNumbers(numbers, Object.keys(inputs));
  const graph = linear ? loss : inDouble(loss);
  const executable = await (await engine('onnxruntime')).compile(graph, { threads: 1 });
  const epsilon = linear ? 0.5 : 1e-5;
  const at = async (given: Tensors, name: string, direction: Float64Array, sign: number) => {
    const moved: Record<string, TensorData> = {};
    for (const { name: key } of graph.inputs) {
      const tensor = given[key] as TensorData;
      moved[key] = tensor;
      if (tensor.dtype !== 'float32') continue;
      const data = Float64Array.from(tensor.data as Float32Array, (x, i) =>
        key === name ? x + sign * epsilon * (direction[i] ?? 0) : x,
      );
      moved[key] = linear
        ? { ...tensor, data: Float32Array.from(data) }
        : { ...tensor, dtype: 'float64', data };
    }
    return Number((await executable.run(moved))['loss']?.data[0]);
  };
  return {
    along: async (given, name, direction) =>
      ((await at(given, name, direction, 1)) - (await at(given, name, direction, -1))) / (2 * epsilon),
    dispose: () => executable.dispose(),
  };
}
