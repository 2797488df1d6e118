import { AimaasError } from '../../core/errors.js';
import { type DType, sizeOf, type TensorData } from '../../core/tensor.js';
import { type Graph, type GraphNode, type ValueId, valueInfo } from '../../graph/graph.js';
import { batchMultiple, hasSymbolic, isSymbolic, SYMBOLIC_BATCH } from '../../graph/symbolic.js';
import { elementwise } from './elementwise.js';
import { lookup } from './lookup.js';
import { shaping } from './shaping.js';
import { type GraphDef, tensorShape } from './types.js';
import { GraphDefWriter, type Ref, type } from './writer.js';

/** What the lowering of one node works with. */
export interface LoweringContext {
  readonly node: GraphNode;
  readonly writer: GraphDefWriter;
  readonly inputs: readonly Ref[];
  readonly input: (index: number) => Ref;
  /** Shape of an input, the batch being SYMBOLIC_BATCH. */
  readonly shape: (index: number) => readonly number[];
  /** The constant behind an input, if it is one. */
  readonly constant: (index: number) => TensorData | undefined;
  readonly outputShape: (index: number) => readonly number[];
  readonly outputDType: (index: number) => DType;
  /** Whole numbers as a vector, in which symbolic ones are worked out from the batch at run time. */
  readonly sizes: (values: readonly number[]) => Ref;
  readonly reshaped: (value: Ref, shape: readonly number[]) => Ref;
  readonly unsupported: (what: string) => AimaasError;
}

/** Gives the outputs of a node in order. */
export type Lowering = (context: LoweringContext) => readonly Ref[];
export type Lowerings = Readonly<Record<string, Lowering>>;

const LOWERINGS: Lowerings = { ...elementwise, ...shaping, ...lookup };

/** A GraphDef with the names its inputs and outputs have in it. */
export interface LoweredGraph extends GraphDef {
  readonly inputs: ReadonlyMap<string, Ref>;
  readonly outputs: ReadonlyMap<string, Ref>;
}

/**
 * A graph in TensorFlow's operations, of those that tfjs executes. Node names of inputs are `input_0`, `input_1` …;
 * every output, and every value of `named`, is an Identity node of its own name.
 * @throws AimaasError UNSUPPORTED for an operation that has no such form.
 */
export function lowerToGraphDef(graph: Graph, named: ReadonlyMap<ValueId, string> = new Map()): LoweredGraph {
  const writer = new GraphDefWriter();
  const refs = new Map<ValueId, Ref>();
  const inputs = new Map<string, Ref>();
  /** The last value made that has the batch as its first dimension, to read the batch size from. */
  let batchSource: Ref | undefined;
  const know = (value: ValueId, made: Ref): void => {
    const name = named.get(value);
    const ref = name === undefined ? made : writer.node('Identity', [made], {}, name);
    refs.set(value, ref);
    if (valueInfo(graph, value).shape[0] === SYMBOLIC_BATCH) batchSource = ref;
  };
  graph.inputs.forEach(({ name, value }, i) => {
    const { shape, dtype } = valueInfo(graph, value);
    const open = shape.map((size) => (isSymbolic(size) ? -1 : size));
    const attr = { dtype: type(dtype), shape: { shape: tensorShape(open) } };
    const ref = writer.node('Placeholder', [], attr, `input_${i}`);
    inputs.set(name, ref);
    know(value, ref);
  });
  const refOf = (value: ValueId): Ref => {
    const known = refs.get(value);
    if (known !== undefined) return known;
    const constant = graph.constants.get(value);
    if (constant === undefined) throw new Error(`Value ${value} is used before it is made.`);
    const ref = writer.constant(constant);
    refs.set(value, ref);
    return ref;
  };
  for (const node of graph.nodes) {
    const made = lowerNode(graph, node, node.inputs.map(refOf), writer, batchSource);
    node.outputs.forEach((value, i) => know(value, made[i] ?? ''));
  }
  const outputs = new Map<string, Ref>();
  for (const { name, value } of graph.outputs) {
    outputs.set(name, writer.node('Identity', [refOf(value)], {}, name));
  }
  return { ...writer.finish(), inputs, outputs };
}

function lowerNode(
  graph: Graph,
  node: GraphNode,
  inputs: readonly Ref[],
  writer: GraphDefWriter,
  batchSource: Ref | undefined,
): readonly Ref[] {
  const where = node.layer === undefined ? '' : ` (in layer "${node.layer}")`;
  const unsupported = (what: string): AimaasError =>
    new AimaasError('UNSUPPORTED', `The operation ${node.op} ${what}${where} cannot be exported to tfjs.`, {
      hint: 'Export the other formats: aimaas export --format onnx',
    });
  const lowering = LOWERINGS[node.op];
  if (lowering === undefined) throw unsupported('of this model');
  const sizes = (values: readonly number[]): Ref => {
    if (!hasSymbolic(values)) return writer.integers(values);
    if (batchSource === undefined) throw unsupported('over a batch of no input');
    return runtimeSizes(values, batchSource, writer);
  };
  return lowering({
    node,
    writer,
    inputs,
    input: (index) => at(inputs, index),
    shape: (index) => valueInfo(graph, at(node.inputs, index)).shape,
    constant: (index) => graph.constants.get(at(node.inputs, index)),
    outputShape: (index) => valueInfo(graph, at(node.outputs, index)).shape,
    outputDType: (index) => valueInfo(graph, at(node.outputs, index)).dtype,
    sizes,
    reshaped: (value, shape) => {
      const [only, second] = shape.filter(isSymbolic);
      // One unknown size is the -1 of Reshape, unless the others leave it open by having no elements.
      const inferred = second === undefined && sizeOf(shape.filter((size) => size !== only)) > 0;
      const target = inferred
        ? writer.integers(shape.map((size) => (isSymbolic(size) ? -1 : size)))
        : sizes(shape);
      return writer.node('Reshape', [value, target]);
    },
    unsupported,
  });
}

/** The vector of sizes with every symbolic one replaced by its multiple of the batch size met at run time. */
function runtimeSizes(values: readonly number[], source: Ref, writer: GraphDefWriter): Ref {
  const [zero, one] = [writer.integers([0]), writer.integers([1])];
  const batch = writer.node('Slice', [writer.node('Shape', [source]), zero, one]);
  const parts = values.map((size) =>
    isSymbolic(size)
      ? writer.node('Mul', [batch, writer.integers([batchMultiple(size)])])
      : writer.integers([size]),
  );
  if (parts.length === 1) return at(parts, 0);
  return writer.node('ConcatV2', [...parts, writer.integers(0)], { N: { i: String(parts.length) } });
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`There is no item ${index}.`);
  return item;
}
