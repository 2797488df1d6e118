import type { DType } from '../../core/tensor.js';
import type { Attributes, GraphNode, ValueInfo } from '../graph.js';
import { inputAt } from '../kernels/definition.js';
import { unsupportedOperation } from '../kernels/index.js';
import type { AimaasError } from '../../core/errors.js';
import { ELEMENT_TYPES } from './proto.js';
import type { OnnxAttributes, OnnxWriter } from './writer.js';

/** Writes the ONNX nodes for one node of the graph. */
export type Emitter = (emission: Emission) => void;
export type Emitters = Readonly<Record<string, Emitter>>;

/** One node on its way to ONNX: its inputs by name, and where its outputs go. */
export class Emission {
  readonly writer: OnnxWriter;
  readonly node: GraphNode;
  readonly inputs: readonly string[];
  readonly inputInfos: readonly ValueInfo[];
  readonly outputs: readonly string[];
  readonly outputInfos: readonly ValueInfo[];

  constructor(fields: {
    writer: OnnxWriter;
    node: GraphNode;
    inputs: readonly string[];
    inputInfos: readonly ValueInfo[];
    outputs: readonly string[];
    outputInfos: readonly ValueInfo[];
  }) {
    this.writer = fields.writer;
    this.node = fields.node;
    this.inputs = fields.inputs;
    this.inputInfos = fields.inputInfos;
    this.outputs = fields.outputs;
    this.outputInfos = fields.outputInfos;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }

  /** Name of the n-th input. */
  input(index = 0): string {
    const name = this.inputs[index];
    if (name === undefined) throw new TypeError(`${this.node.op} lacks input ${index}.`);
    return name;
  }

  info(index = 0): ValueInfo {
    return inputAt(this.inputInfos, index);
  }

  outputInfo(index = 0): ValueInfo {
    return inputAt(this.outputInfos, index);
  }

  emit(opType: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ''): string {
    return this.writer.emit(opType, inputs, attributes, domain);
  }

  /** Emits the node that makes the (only) output. */
  result(opType: string, inputs: readonly string[], attributes: OnnxAttributes = {}, domain = ''): void {
    this.writer.node(opType, inputs, attributes, this.outputs, domain);
  }

  cast(name: string, to: DType): string {
    return this.emit('Cast', [name], { to: { int: ELEMENT_TYPES[to] } });
  }

  castResult(name: string, to: DType): void {
    this.result('Cast', [name], { to: { int: ELEMENT_TYPES[to] } });
  }

  unsupported(reason: string): AimaasError {
    return unsupportedOperation(this.node.op, this.node.layer, reason);
  }
}

/** An operation that ONNX has under another name and with the same inputs. */
export function renamed(opType: string, attributes: OnnxAttributes = {}): Emitter {
  return (e) => e.result(opType, e.inputs, attributes);
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}
