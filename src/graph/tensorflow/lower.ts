import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { type Graph, type ValueId, valueInfo } from '../graph.js';
import { unsupportedOperation } from '../kernels/index.js';
import { hasSymbolic, SYMBOLIC_BATCH } from '../symbolic.js';
import { convolution } from './lowerings/convolution.js';
import { elementwise } from './lowerings/elementwise.js';
import { indexing } from './lowerings/indexing.js';
import { pooling } from './lowerings/pooling.js';
import { reduction } from './lowerings/reduction.js';
import { resize } from './lowerings/resize.js';
import { scan } from './lowerings/scan.js';
import { shaping } from './lowerings/shaping.js';
import { type Lowerings, NodeLowering, runtimeSizes } from './lowering.js';
import type { GraphWriter, Ref } from './writer.js';

/** How each kernel is said in TensorFlow: for its engine, for SavedModels and for tfjs' graph models alike. */
export const LOWERINGS: Lowerings = {
  ...elementwise,
  ...reduction,
  ...shaping,
  ...indexing,
  ...convolution,
  ...pooling,
  ...resize,
  Scan: scan((graph, writer, given) => lowerNodes(graph, writer, given)),
};

/**
 * Writes a graph's nodes. `given` are the values of its inputs; the result are those of its outputs, by name. Values of
 * `named` become Identity nodes of that name.
 * @throws AimaasError UNSUPPORTED for an operation that has no such form.
 */
export function lowerNodes(
  graph: Graph,
  writer: GraphWriter,
  given: ReadonlyMap<ValueId, Ref>,
  named: ReadonlyMap<ValueId, string> = new Map(),
): ReadonlyMap<string, Ref> {
  const refs = new Map<ValueId, Ref>();
  const batch = new BatchSize(writer);
  const know = (value: ValueId, made: Ref): void => {
    const name = named.get(value);
    const ref = name === undefined ? made : writer.op('Identity', [made], {}, name);
    refs.set(value, ref);
    if (valueInfo(graph, value).shape[0] === SYMBOLIC_BATCH) batch.readFrom(ref);
  };
  for (const [value, ref] of given) know(value, ref);
  const refOf = (value: ValueId): Ref => {
    const known = refs.get(value);
    if (known !== undefined) return known;
    const constant = graph.constants.get(value);
    if (constant === undefined) throw new Error(`Value ${value} is used before it is made.`);
    const ref = lowerConstant(constant, writer, batch);
    refs.set(value, ref);
    return ref;
  };
  for (const node of graph.nodes) {
    const lowering = LOWERINGS[node.op];
    if (lowering === undefined) throw unsupportedOperation(node.op, node.layer);
    const made = lowering(
      new NodeLowering({
        writer,
        node,
        inputs: node.inputs.map(refOf),
        inputInfos: node.inputs.map((id) => valueInfo(graph, id)),
        outputInfos: node.outputs.map((id) => valueInfo(graph, id)),
        constants: node.inputs.map((id) => graph.constants.get(id)),
        batch: () => batch.value(),
      }),
    );
    const outputs = 'node' in made ? [made] : made;
    node.outputs.forEach((value, i) => {
      const output = outputs[i];
      if (output === undefined) throw new Error(`${node.op} was lowered to ${outputs.length} outputs.`);
      know(value, output);
    });
  }
  return new Map(graph.outputs.map(({ name, value }) => [name, refOf(value)]));
}

/** The batch size at run time, read from whatever value has it as its first dimension. */
class BatchSize {
  private readonly writer: GraphWriter;
  private source: Ref | undefined;
  private made: Ref | undefined;

  constructor(writer: GraphWriter) {
    this.writer = writer;
  }

  readFrom(source: Ref): void {
    this.source ??= source;
  }

  /** int32 [1]. */
  value(): Ref | undefined {
    if (this.source === undefined) return undefined;
    const { writer } = this;
    this.made ??= writer.op('Slice', [
      writer.op('Shape', [this.source]),
      writer.integers([0]),
      writer.integers([1]),
    ]);
    return this.made;
  }
}

/** A constant whose shape has the batch size in it must be one value repeated, and is made at run time. */
function lowerConstant(constant: TensorData, writer: GraphWriter, batch: BatchSize): Ref {
  if (!hasSymbolic(constant.shape)) return writer.constant(constant);
  const [first] = constant.data;
  const same = (value: unknown): boolean => Object.is(value, first);
  const size = batch.value();
  if (size === undefined || !Array.prototype.every.call(constant.data, same)) {
    throw new AimaasError(
      'UNSUPPORTED',
      'The model holds a constant with different values for the rows of a batch, so it cannot take batches of any size.',
    );
  }
  const scalar = { ...constant, shape: [], data: constant.data.slice(0, 1) } as TensorData;
  return writer.op('Fill', [runtimeSizes(constant.shape, size, writer), writer.constant(scalar)]);
}
