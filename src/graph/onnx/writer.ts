import type { DType, TensorData, TensorValues } from '../../core/tensor.js';
import { scalarTensor } from '../builder.js';
import { batchMultiple, hasSymbolic, isSymbolic } from '../symbolic.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxValue } from './proto.js';

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

export const ML = 'ai.onnx.ml';

/** Names that are unique in a model, its subgraphs included. */
export class NameSource {
  private count = 0;
  private readonly taken = new Set<string>();

  reserve(name: string): void {
    this.taken.add(name);
  }

  next(prefix: string): string {
    for (;;) {
      const name = `${prefix}${this.count++}`;
      if (!this.taken.has(name)) return name;
    }
  }
}

/** Collects the nodes and constants of one ONNX graph. */
export class OnnxWriter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, TensorData>();
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly names: NameSource;
  private readonly constantNames = new Map<string, string>();
  private readonly shapeNames = new Map<string, string>();
  private batchName: string | undefined;

  private readonly enclosing: OnnxWriter | undefined;

  /** `names` of the enclosing graph for a subgraph; its writer, where the subgraph may ask it for the batch size. */
  constructor(names: NameSource = new NameSource(), enclosing?: OnnxWriter) {
    this.names = names;
    this.enclosing = enclosing;
  }

  /** Appends a node; `outputs` are given names or how many to invent. Returns the names of its outputs. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
    outputs: readonly string[] | number = 1,
    domain = '',
  ): string[] {
    const named =
      typeof outputs === 'number'
        ? Array.from({ length: outputs }, () => this.names.next('t'))
        : [...outputs];
    this.nodes.push({ opType, domain, inputs, outputs: named, attributes });
    return named;
  }

  /** Appends a node with one output and returns its name. */
  emit(opType: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ''): string {
    return this.node(opType, inputs, attributes, 1, domain)[0] ?? '';
  }

  /** A constant; equal small ones are shared. */
  constant(tensor: TensorData): string {
    const key = tensor.data.length <= 64 ? constantKey(tensor) : undefined;
    const shared = key === undefined ? undefined : this.constantNames.get(key);
    if (shared !== undefined) return shared;
    const name = this.names.next('c');
    this.initializers.set(name, tensor);
    if (key !== undefined) this.constantNames.set(key, name);
    return name;
  }

  scalar(value: number, dtype: DType): string {
    return this.constant(scalarTensor(value, dtype));
  }

  int64s(values: readonly number[]): string {
    return this.constant({
      dtype: 'int64',
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
  }

  /** A list of dimensions or indices as int64, computed from the batch size where one is symbolic. */
  dimensions(values: readonly number[]): string {
    if (!hasSymbolic(values)) return this.int64s(values);
    const key = values.join(',');
    const known = this.shapeNames.get(key);
    if (known !== undefined) return known;
    const parts = values.map((value) => {
      if (!isSymbolic(value)) return this.int64s([value]);
      const multiple = batchMultiple(value);
      return multiple === 1 ? this.batch() : this.emit('Mul', [this.batch(), this.int64s([multiple])]);
    });
    const [only] = parts;
    const name =
      parts.length === 1 && only !== undefined ? only : this.emit('Concat', parts, { axis: { int: 0 } });
    this.shapeNames.set(key, name);
    return name;
  }

  /** The batch size at run time, int64 of shape [1]. */
  batch(): string {
    if (this.batchName !== undefined) return this.batchName;
    if (this.enclosing !== undefined) return this.enclosing.batch();
    const input = this.batchInput();
    if (input === undefined) {
      throw new Error('The graph has a symbolic dimension but no input whose length is the batch size.');
    }
    const axis = input.shape?.indexOf(BATCH_DIMENSION) ?? 0;
    this.batchName = this.emit('Shape', [input.name], { start: { int: axis }, end: { int: axis + 1 } });
    return this.batchName;
  }

  /** Whether there is a batch size that is not fixed. */
  hasBatch(): boolean {
    return this.enclosing?.hasBatch() ?? this.batchInput() !== undefined;
  }

  private batchInput(): OnnxValue | undefined {
    return this.inputs.find((input) => input.shape?.includes(BATCH_DIMENSION));
  }

  graph(name: string): OnnxGraph {
    const { nodes, initializers, inputs, outputs } = this;
    return { name, nodes, initializers, inputs, outputs };
  }
}

/** The name of the free dimension of inputs and outputs. */
export const BATCH_DIMENSION = 'batch';

/** A shape as it is declared: the batch by name, a multiple of it left open under a name of its own. */
export function declaredShape(shape: readonly number[]): (number | string)[] {
  return shape.map((dimension) => {
    if (!isSymbolic(dimension)) return dimension;
    const multiple = batchMultiple(dimension);
    return multiple === 1 ? BATCH_DIMENSION : `${BATCH_DIMENSION}_x${multiple}`;
  });
}

function constantKey({ dtype, shape, data }: TensorData): string {
  return `${dtype}|${shape.join(',')}|${ArrayBuffer.isView(data) ? hex(data) : JSON.stringify(data)}`;
}

function hex(data: Exclude<TensorValues, readonly string[]>): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
}
