import type { AimaasError } from '../../core/errors.js';
import { type DType, sizeOf, type TensorData } from '../../core/tensor.js';
import type { Attributes, GraphNode, ValueInfo } from '../graph.js';
import { inputAt } from '../kernels/definition.js';
import { unsupportedOperation } from '../kernels/index.js';
import { batchMultiple, hasSymbolic, isSymbolic } from '../symbolic.js';
import type { GraphWriter, PlainAttributes, Ref } from './writer.js';

/** Writes the TensorFlow nodes for one node of the graph; gives its outputs in order. */
export type Lowering = (node: NodeLowering) => Ref | readonly Ref[];
export type Lowerings = Readonly<Record<string, Lowering>>;

/** One node on its way to TensorFlow. */
export class NodeLowering {
  readonly writer: GraphWriter;
  readonly node: GraphNode;
  readonly inputs: readonly Ref[];
  private readonly inputInfos: readonly ValueInfo[];
  private readonly outputInfos: readonly ValueInfo[];
  private readonly constants: readonly (TensorData | undefined)[];
  private readonly batch: () => Ref | undefined;

  constructor(fields: {
    writer: GraphWriter;
    node: GraphNode;
    inputs: readonly Ref[];
    inputInfos: readonly ValueInfo[];
    outputInfos: readonly ValueInfo[];
    /** The constants behind the inputs, where they are some. */
    constants: readonly (TensorData | undefined)[];
    /** The batch size at run time, int32 [1]; undefined where nothing has it. */
    batch: () => Ref | undefined;
  }) {
    this.writer = fields.writer;
    this.node = fields.node;
    this.inputs = fields.inputs;
    this.inputInfos = fields.inputInfos;
    this.outputInfos = fields.outputInfos;
    this.constants = fields.constants;
    this.batch = fields.batch;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }

  input(index = 0): Ref {
    const ref = this.inputs[index];
    if (ref === undefined) throw new TypeError(`${this.node.op} lacks input ${index}.`);
    return ref;
  }

  /** Shape of an input; the batch is a multiple of SYMBOLIC_BATCH. */
  shape(index = 0): readonly number[] {
    return inputAt(this.inputInfos, index).shape;
  }

  /** The constant behind an input, if it is one. */
  constant(index: number): TensorData | undefined {
    return this.constants[index];
  }

  outputShape(index = 0): readonly number[] {
    return inputAt(this.outputInfos, index).shape;
  }

  outputDType(index = 0): DType {
    return inputAt(this.outputInfos, index).dtype;
  }

  op(op: string, inputs: readonly Ref[], attributes: PlainAttributes = {}): Ref {
    return this.writer.op(op, inputs, attributes);
  }

  /** A number of the type of an input. */
  number(value: number, like: Ref = this.input()): Ref {
    const dtype =
      like.type === 'double' ? 'float64' : like.type === 'float' ? 'float32' : (like.type as DType);
    return this.writer.scalar(value, dtype);
  }

  cast(value: Ref, to: DType): Ref {
    const type = this.writer.typeOf(to);
    return value.type === type ? value : this.op('Cast', [value], { DstT: type });
  }

  /** The value as the output's type. */
  castToOutput(value: Ref): Ref {
    return this.cast(value, this.outputDType());
  }

  /** Whole numbers as a vector, in which symbolic ones are worked out from the batch at run time. */
  sizes(values: readonly number[]): Ref {
    if (!hasSymbolic(values)) return this.writer.integers(values);
    const batch = this.batch();
    if (batch === undefined) throw this.unsupported('it needs the size of a batch of no input');
    return runtimeSizes(values, batch, this.writer);
  }

  reshaped(value: Ref, shape: readonly number[]): Ref {
    const [only, second] = shape.filter(isSymbolic);
    // One unknown size is the -1 of Reshape, unless the others leave it open by having no elements.
    const inferred = second === undefined && sizeOf(shape.filter((size) => size !== only)) > 0;
    const target = inferred
      ? this.writer.integers(shape.map((size) => (isSymbolic(size) ? -1 : size)))
      : this.sizes(shape);
    return this.op('Reshape', [value, target]);
  }

  unsupported(reason: string): AimaasError {
    return unsupportedOperation(this.node.op, this.node.layer, reason);
  }
}

/** The vector of sizes with every symbolic one replaced by its multiple of the batch size met at run time. */
export function runtimeSizes(values: readonly number[], batch: Ref, writer: GraphWriter): Ref {
  const parts = values.map((size) => {
    if (!isSymbolic(size)) return writer.integers([size]);
    const multiple = batchMultiple(size);
    return multiple === 1 ? batch : writer.op('Mul', [batch, writer.integers([multiple])]);
  });
  const [only] = parts;
  return only !== undefined && parts.length === 1
    ? only
    : writer.op('ConcatV2', [...parts, writer.integers(0)]);
}

/** An operation that TensorFlow has with the same inputs, perhaps under another name. */
export function renamed(op: string): Lowering {
  return (c) => c.op(op, c.inputs);
}

export function isFloat(ref: Ref): boolean {
  return ref.type === 'float' || ref.type === 'double';
}
