import type { TensorData } from '../../core/tensor.js';
import {
  valueInfo,
  type Attributes,
  type Graph,
  type GraphNode,
  type ValueId,
  type ValueInfo,
} from '../graph.js';
import { inferOutputs } from '../kernels/index.js';

/** A graph being rewritten in order: nodes are kept, or replaced by new ones that define the same outputs. */
export class GraphEditor {
  private readonly original: Graph;
  readonly values: ValueInfo[];
  private readonly constants: Map<ValueId, TensorData>;
  private readonly nodes: GraphNode[] = [];

  constructor(graph: Graph) {
    this.original = graph;
    this.values = [...graph.values];
    this.constants = new Map(graph.constants);
  }

  info(id: ValueId): ValueInfo {
    return valueInfo(this, id);
  }

  keep(node: GraphNode): void {
    this.nodes.push(node);
  }

  /** Keeps a place in the order for a node that is only known later, and gives what puts it there. */
  reserve(): (node: GraphNode) => void {
    const index = this.nodes.push({ op: 'reserved', inputs: [], outputs: [], attributes: {} }) - 1;
    return (node) => {
      this.nodes[index] = node;
    };
  }

  constant(tensor: TensorData): ValueId {
    const id = this.values.push({ shape: tensor.shape, dtype: tensor.dtype }) - 1;
    this.constants.set(id, tensor);
    return id;
  }

  constantOf(id: ValueId): TensorData | undefined {
    return this.constants.get(id);
  }

  /** A value that a node kept later makes. */
  value(info: ValueInfo): ValueId {
    return this.values.push(info) - 1;
  }

  /** A node with outputs of its own, which is not appended yet. */
  make(op: string, inputs: readonly ValueId[], attributes: Attributes, layer?: string): GraphNode {
    const infos = inferOutputs(
      op,
      inputs.map((id) => this.info(id)),
      attributes,
      layer,
    );
    const outputs = infos.map((info) => this.value(info));
    return { op, inputs, outputs, attributes, ...(layer === undefined ? {} : { layer }) };
  }

  /** Appends a node and gives its outputs. */
  addAll(op: string, inputs: readonly ValueId[], attributes: Attributes, layer?: string): readonly ValueId[] {
    const node = this.make(op, inputs, attributes, layer);
    this.nodes.push(node);
    return node.outputs;
  }

  /** Appends a node with one output of its own. */
  add(op: string, inputs: readonly ValueId[], attributes: Attributes, layer?: string): ValueId {
    const [output] = this.addAll(op, inputs, attributes, layer);
    if (output === undefined) throw new Error(`${op} has no output.`);
    return output;
  }

  /** Appends the nodes of another graph, its inputs being the given values in order. Returns its outputs. */
  inline(graph: Graph, inputs: readonly ValueId[]): ValueId[] {
    const mapping = new Map(graph.inputs.map(({ value }, i) => [value, inputs[i] ?? -1]));
    const mapped = (id: ValueId): ValueId => {
      const known = mapping.get(id);
      if (known !== undefined) return known;
      const constant = graph.constants.get(id);
      if (constant === undefined) throw new Error(`Value ${id} of the inlined graph comes from nowhere.`);
      const value = this.constant(constant);
      mapping.set(id, value);
      return value;
    };
    for (const node of graph.nodes) {
      const outputs = node.outputs.map((id) => this.values.push(valueInfo(graph, id)) - 1);
      this.keep({ ...node, inputs: node.inputs.map(mapped), outputs });
      node.outputs.forEach((id, i) => mapping.set(id, outputs[i] ?? -1));
    }
    return graph.outputs.map(({ value }) => mapped(value));
  }

  build(): Graph {
    return { ...this.original, values: this.values, constants: this.constants, nodes: this.nodes };
  }
}
