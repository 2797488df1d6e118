import { AimaasError } from '../core/errors.js';
import { sizeOf, type DType, type TensorData } from '../core/tensor.js';
import { inferOutputs } from './kernels/index.js';
import { SCAN, scanAttributes, scanOutputs, type ScanLayout } from './scan/layout.js';
import {
  valueInfo,
  type Attributes,
  type Graph,
  type GraphNode,
  type NamedValue,
  type ValueId,
  type ValueInfo,
} from './graph.js';

/** Makes graphs node by node, inferring every shape and dtype. */
export class GraphBuilder {
  readonly values: ValueInfo[] = [];
  private readonly inputs: NamedValue[] = [];
  private readonly constants = new Map<ValueId, TensorData>();
  private readonly nodes: GraphNode[] = [];
  private readonly outputs: NamedValue[] = [];
  /** Set to name the layer of the nodes that follow. */
  layer: string | undefined;

  /** Declares an input; use SYMBOLIC_BATCH as first dimension for "any number of rows". */
  input(name: string, shape: readonly number[], dtype: DType = 'float32'): ValueId {
    if (this.inputs.some((input) => input.name === name)) throw new Error(`Input "${name}" exists already.`);
    const value = this.addValue({ shape: [...shape], dtype });
    this.inputs.push({ name, value });
    return value;
  }

  constant(tensor: TensorData): ValueId {
    if (tensor.data.length !== sizeOf(tensor.shape)) {
      throw new Error(`A constant of shape [${tensor.shape.join(', ')}] has ${tensor.data.length} elements.`);
    }
    const value = this.addValue({ shape: tensor.shape, dtype: tensor.dtype });
    this.constants.set(value, tensor);
    return value;
  }

  /** A constant of shape []. */
  scalar(value: number | string, dtype: DType = 'float32'): ValueId {
    return this.constant(scalarTensor(value, dtype));
  }

  /** Appends an operation with one output. */
  op(op: string, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    const [output] = this.ops(op, inputs, attributes);
    if (output === undefined) throw new Error(`${op} has no output.`);
    return output;
  }

  /** Appends an operation and gives all its outputs. */
  ops(op: string, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId[] {
    const infos = inputs.map((input) => this.info(input));
    const outputs = inferOutputs(op, infos, attributes, this.layer).map((info) => this.addValue(info));
    this.nodes.push({
      op,
      inputs: [...inputs],
      outputs,
      attributes,
      ...(this.layer === undefined ? {} : { layer: this.layer }),
    });
    return outputs;
  }

  /** Appends a loop over the leading axis (see scan/layout.ts) and gives all its outputs. */
  scan(body: Graph, inputs: readonly ValueId[], layout: ScanLayout): ValueId[] {
    const outputs = scanOutputs(body, layout).map((info) => this.addValue(info));
    const layer = this.layer === undefined ? {} : { layer: this.layer };
    this.nodes.push({
      op: SCAN,
      inputs: [...inputs],
      outputs,
      attributes: scanAttributes(layout),
      body,
      ...layer,
    });
    return outputs;
  }

  /** Inlines another graph: its inputs become the given values. Returns its outputs by name. */
  append(graph: Graph, inputs: Readonly<Record<string, ValueId>>): Record<string, ValueId> {
    const mapping = new Map<ValueId, ValueId>();
    for (const { name, value } of graph.inputs) {
      const given = inputs[name];
      if (given === undefined) throw new Error(`Input "${name}" of the appended graph is not given.`);
      mapping.set(value, given);
    }
    const mapped = (id: ValueId): ValueId => {
      const known = mapping.get(id);
      if (known !== undefined) return known;
      const constant = graph.constants.get(id);
      if (constant === undefined) throw new Error(`Value ${id} of the appended graph comes from nowhere.`);
      const value = this.constant(constant);
      mapping.set(id, value);
      return value;
    };
    for (const node of graph.nodes) {
      const outputs = node.outputs.map((output) => this.addValue(valueInfo(graph, output)));
      this.nodes.push({ ...node, inputs: node.inputs.map(mapped), outputs });
      node.outputs.forEach((output, i) => mapping.set(output, outputs[i] ?? output));
    }
    return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, mapped(value)]));
  }

  output(name: string, value: ValueId): void {
    this.info(value);
    if (this.outputs.some((output) => output.name === name))
      throw new Error(`Output "${name}" exists already.`);
    this.outputs.push({ name, value });
  }

  info(value: ValueId): ValueInfo {
    return valueInfo(this, value);
  }

  /** Corrects the shape of an input whose size is known only once the graph is complete. */
  resize(value: ValueId, shape: readonly number[]): void {
    this.values[value] = { ...this.info(value), shape };
  }

  /** The node that makes a value; undefined for inputs and constants. */
  makerOf(value: ValueId): GraphNode | undefined {
    return this.nodes.find((node) => node.outputs.includes(value));
  }

  /** The constant behind a value, if it is one. */
  constantOf(value: ValueId): TensorData | undefined {
    return this.constants.get(value);
  }

  build(): Graph {
    if (this.outputs.length === 0)
      throw new AimaasError('INTERNAL', 'A graph without outputs computes nothing.');
    return {
      values: this.values,
      inputs: this.inputs,
      constants: this.constants,
      nodes: this.nodes,
      outputs: this.outputs,
    };
  }

  private addValue(info: ValueInfo): ValueId {
    this.values.push(info);
    return this.values.length - 1;
  }
}

/** A tensor of shape [] holding `value`. */
export function scalarTensor(value: number | string, dtype: DType): TensorData {
  if (dtype === 'string') return { dtype, shape: [], data: [String(value)] };
  const number = Number(value);
  switch (dtype) {
    case 'float32':
      return { dtype, shape: [], data: Float32Array.of(number) };
    case 'float64':
      return { dtype, shape: [], data: Float64Array.of(number) };
    case 'int32':
      return { dtype, shape: [], data: Int32Array.of(number) };
    case 'int64':
      return { dtype, shape: [], data: BigInt64Array.of(BigInt(number)) };
    case 'bool':
      return { dtype, shape: [], data: Uint8Array.of(number) };
  }
}
