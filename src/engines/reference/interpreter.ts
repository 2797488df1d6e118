import { AimaasError } from '../../core/errors.js';
import type { DType, TensorData, TensorValues } from '../../core/tensor.js';
import {
  valueInfo,
  type Attributes,
  type AttributeValue,
  type Graph,
  type GraphNode,
  type ValueId,
} from '../../graph/graph.js';
import { kernelDefinition } from '../../graph/kernels/index.js';
import { SCAN, scanBody, scanLayout } from '../../graph/scan/layout.js';
import { concreteDimension, concreteShape, hasSymbolic } from '../../graph/symbolic.js';
import { tf, withBackend } from '../../graph/trace/tensorflow.js';
import { toTensor, valuesFromBackend } from '../../graph/trace/values.js';
import { joinLeading, sliceLeading } from '../step-inputs.js';
import { computesDouble, ownOps, runDouble } from './own-ops.js';

/** Runs a graph node by node with tfjs' cpu kernels. `batch` is the size of what is symbolic. */
export function interpret(
  graph: Graph,
  inputs: Readonly<Record<string, TensorData>>,
  batch: number | undefined,
): Record<string, TensorData> {
  const values = new Map<ValueId, TensorData>();
  for (const { name, value } of graph.inputs) {
    const given = inputs[name];
    if (given === undefined) throw new AimaasError('INTERNAL', `The input "${name}" is not given.`);
    values.set(value, given);
  }
  const read = (id: ValueId): TensorData => {
    const value = values.get(id) ?? constantValue(graph, id, batch);
    if (value === undefined) throw new AimaasError('INTERNAL', `Value ${id} is used before it is made.`);
    return value;
  };
  return withBackend('cpu', () => {
    for (const node of graph.nodes) {
      const results = runNode(graph, node, node.inputs.map(read), batch);
      node.outputs.forEach((id, i) => {
        const result = results[i];
        if (result !== undefined) values.set(id, result);
      });
    }
    return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, read(value)]));
  });
}

/** A constant; one whose shape has the batch in it holds a single value, repeated. */
function constantValue(graph: Graph, id: ValueId, batch: number | undefined): TensorData | undefined {
  const constant = graph.constants.get(id);
  if (constant === undefined || batch === undefined || !hasSymbolic(constant.shape)) return constant;
  const shape = concreteShape(constant.shape, batch);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return { ...constant, shape, data: constant.data.slice(0, size) as TensorValues };
}

function runNode(
  graph: Graph,
  node: GraphNode,
  inputs: readonly TensorData[],
  batch: number | undefined,
): TensorData[] {
  const attributes = batch === undefined ? node.attributes : concreteAttributes(node.attributes, batch);
  const expected = node.outputs.map((id) => {
    const { shape, dtype } = valueInfo(graph, id);
    return { dtype, shape: batch === undefined ? shape : concreteShape(shape, batch) };
  });
  if (node.op === SCAN) return runScan(node, inputs, batch);
  const own = ownOps[node.op];
  if (own !== undefined) return [own(inputs, attributes)];
  const [output] = expected;
  if (output === undefined) return [];
  if (node.op === 'Cast') return [castTo(inputs[0], output.dtype)];
  if ([...inputs, output].some(({ dtype }) => isWide(dtype))) {
    if (computesDouble(node.op)) {
      return [{ ...output, data: fromDoubles(runDouble(node.op, inputs, output.shape), output.dtype) }];
    }
    if (isWide(output.dtype)) return [moveWide(node, inputs, attributes, output)];
    // What is left are indices, which tfjs has as int32.
  }
  const outputs: TensorData[] = [];
  tf.tidy(() => {
    runKernel(node, inputs.map(toTensor), attributes).forEach((tensor, i) => {
      const dtype = expected[i]?.dtype ?? 'float32';
      outputs.push({ dtype, shape: tensor.shape, data: valuesFromBackend(tensor.dataSync(), dtype) });
    });
  });
  return outputs;
}

/** Runs a loop: its body once for every element of the sequences. */
function runScan(node: GraphNode, inputs: readonly TensorData[], batch: number | undefined): TensorData[] {
  const { states, sequences, length, reverse } = scanLayout(node);
  const body = scanBody(node);
  let carried = inputs.slice(0, states);
  const captured = inputs.slice(states + sequences);
  const stacks: TensorData[][] = body.outputs.slice(states).map(() => []);
  for (let step = 0; step < length; step++) {
    const position = reverse ? length - 1 - step : step;
    const elements = inputs.slice(states, states + sequences).map((sequence) => {
      const element = sliceLeading(sequence, position, position + 1);
      return { ...element, shape: element.shape.slice(1) };
    });
    const given = [...carried, ...elements, ...captured];
    const named = Object.fromEntries(body.inputs.map(({ name }, i) => [name, given[i] as TensorData]));
    const made = interpret(body, named, batch);
    const outputs = body.outputs.map(({ name }) => made[name] as TensorData);
    carried = outputs.slice(0, states);
    outputs.slice(states).forEach((result, i) => {
      const stack = stacks[i];
      if (stack !== undefined) stack[position] = { ...result, shape: [1, ...result.shape] };
    });
  }
  return [...carried, ...stacks.map(joinLeading)];
}

/** Calls tfjs' kernel with the inputs under the names it knows them by. */
function runKernel(node: GraphNode, tensors: readonly tf.Tensor[], attributes: Attributes): tf.Tensor[] {
  const definition = kernelDefinition(node.op, node.layer);
  const inputs = (definition.inputs === 'list'
    ? tensors
    : Object.fromEntries(
        definition.inputs.map((name, i) => [name, tensors[i]]),
      )) as unknown as tf.NamedTensorMap;
  const result = tf
    .engine()
    .runKernel<tf.Tensor | tf.Tensor[]>(node.op, inputs, attributes as unknown as tf.NamedAttrMap);
  return Array.isArray(result) ? result : [result];
}

/** Operations that do not look at elements: 64-bit ones are moved by their positions. */
const movesOnly = new Set([
  'Reshape',
  'ExpandDims',
  'Concat',
  'Pack',
  'Slice',
  'Transpose',
  'GatherV2',
  'Tile',
  'Fill',
]);

function isWide(dtype: DType): boolean {
  return dtype === 'float64' || dtype === 'int64';
}

function moveWide(
  node: GraphNode,
  inputs: readonly TensorData[],
  attributes: Attributes,
  output: { readonly shape: readonly number[]; readonly dtype: DType },
): TensorData {
  if (!movesOnly.has(node.op)) {
    throw new AimaasError(
      'UNSUPPORTED',
      `The reference engine does not compute ${node.op} in ${output.dtype}.`,
    );
  }
  if (node.op === 'Fill') {
    const size = output.shape.reduce((product, dimension) => product * dimension, 1);
    const value = Number(attributes['value']);
    return { ...output, data: fromDoubles(new Float64Array(size).fill(value), output.dtype) };
  }
  const source = inputs.filter((input) => input.dtype === output.dtype).flatMap((input) => [...input.data]);
  let offset = 0;
  const positions = inputs.map((input): TensorData => {
    if (input.dtype !== output.dtype) return castTo(input, 'int32');
    const data = Int32Array.from({ length: input.data.length }, (_, i) => offset + i);
    offset += data.length;
    return { dtype: 'int32', shape: input.shape, data };
  });
  let moved: ArrayLike<number> = [];
  tf.tidy(() => {
    const [result] = runKernel(node, positions.map(toTensor), attributes);
    moved = result?.dataSync() ?? [];
  });
  const numbers = Float64Array.from(moved, (position) => Number(source[position]));
  return { ...output, data: fromDoubles(numbers, output.dtype) };
}

function castTo(tensor: TensorData | undefined, dtype: DType): TensorData {
  if (tensor === undefined) throw new AimaasError('INTERNAL', 'A cast has no input.');
  const { shape, data } = tensor;
  if (tensor.dtype === dtype) return tensor;
  if (dtype === 'string') return { dtype, shape, data: Array.from(data as ArrayLike<unknown>, String) };
  const doubles = Float64Array.from(data as ArrayLike<unknown>, Number);
  return { dtype, shape, data: fromDoubles(doubles, dtype) };
}

/** Numbers held as doubles in the array of a dtype. */
export function fromDoubles(values: TensorValues, dtype: DType): TensorValues {
  const doubles = values as Float64Array;
  switch (dtype) {
    case 'float64':
      return doubles;
    case 'float32':
      return Float32Array.from(doubles);
    case 'int32':
      return Int32Array.from(doubles, Math.trunc);
    case 'int64':
      return BigInt64Array.from(doubles, (value) => BigInt(Math.trunc(value)));
    case 'bool':
      return Uint8Array.from(doubles, (value) => (value === 0 ? 0 : 1));
    case 'string':
      return Array.from(doubles, String);
  }
}

function concreteAttributes(attributes: Attributes, batch: number): Attributes {
  const concrete = (value: AttributeValue): AttributeValue => {
    if (typeof value === 'number') return value;
    if (!Array.isArray(value)) return value;
    return value.map((item: unknown) =>
      typeof item === 'number' ? concreteDimension(item, batch) : item,
    ) as AttributeValue;
  };
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, concrete(value)]));
}
