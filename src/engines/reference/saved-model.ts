import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { decodeSavedModel } from '../../graph/tensorflow/decode.js';
import { SERVING_DEFAULT } from '../../graph/tensorflow/proto.js';
import type { NodeDef, Signature } from '../../graph/tensorflow/types.js';
import type { Tensors } from '../engine.js';
import { type Lookup, runOperation } from './tensorflow-ops.js';

/** A SavedModel that is computed here, without TensorFlow. */
export interface OpenedSavedModel {
  readonly signature: Signature;
  /** Inputs and outputs by their names in the signature. */
  run(inputs: Tensors): Record<string, TensorData>;
}

/**
 * Opens a SavedModel for inference: reads the protobuf as TensorFlow would, and computes its operations with tfjs' kernels.
 * Slow; for checking files, not for serving them.
 * @throws AimaasError ARTIFACT_CORRUPT for bytes that are no SavedModel with a signature serving_default.
 */
export function openSavedModel(bytes: Uint8Array, name: string): OpenedSavedModel {
  const corrupt = (why: string, cause?: unknown): AimaasError =>
    new AimaasError('ARTIFACT_CORRUPT', `${name} is not a SavedModel: ${why}`, {
      hint: 'Make it again: aimaas export --force',
      cause,
    });
  let model: ReturnType<typeof decodeSavedModel>;
  try {
    model = decodeSavedModel(bytes);
  } catch (error) {
    throw corrupt((error as Error).message, error);
  }
  const signature = model.signatures[SERVING_DEFAULT];
  if (signature === undefined) throw corrupt(`it has no signature ${SERVING_DEFAULT}.`);
  const nodes = new Map(model.graph.nodes.map((node) => [node.name, node]));
  const tables = new Map<string, Lookup>();
  const { initializer } = model;
  if (initializer !== undefined) initialize(new Run(nodes, tables), nodes.get(initializer));
  return {
    signature,
    run: (inputs) => {
      const run = new Run(nodes, tables);
      for (const [key, { name: tensor }] of Object.entries(signature.inputs)) {
        const given = inputs[key];
        if (given === undefined) throw new TypeError(`The input "${key}" is not given.`);
        run.give(tensor, given);
      }
      return Object.fromEntries(
        Object.entries(signature.outputs).map(([key, { name: tensor }]) => [key, run.tensor(tensor)]),
      );
    },
  };
}

/** Fills the lookup tables that an operation waits for. */
function initialize(run: Run, node: NodeDef | undefined): void {
  for (const input of node?.input ?? []) run.fillTable(input.replace('^', ''));
}

/** The values of one run, each computed when it is first needed. */
class Run {
  private readonly nodes: ReadonlyMap<string, NodeDef>;
  private readonly tables: Map<string, Lookup>;
  private readonly values = new Map<string, readonly TensorData[]>();

  constructor(nodes: ReadonlyMap<string, NodeDef>, tables: Map<string, Lookup>) {
    this.nodes = nodes;
    this.tables = tables;
  }

  give(tensor: string, value: TensorData): void {
    this.values.set(tensor.replace(/:0$/, ''), [value]);
  }

  /** "node" or "node:1". */
  tensor(name: string): TensorData {
    const [node = '', output = '0'] = name.split(':');
    const value = this.compute(node)[Number(output)];
    if (value === undefined) throw new RangeError(`The SavedModel has no tensor ${name}.`);
    return value;
  }

  fillTable(name: string): void {
    const [table = '', keys = '', values = ''] = this.nodes.get(name)?.input ?? [];
    const [from, to] = [this.tensor(keys), this.tensor(values)];
    this.tables.set(table, {
      values: to,
      positions: new Map(Array.from(from.data as ArrayLike<unknown>, (key, i) => [String(key), i])),
    });
  }

  /** Computes a node and what it needs, without recursion, as graphs may be deep. */
  private compute(wanted: string): readonly TensorData[] {
    const pending = [wanted];
    for (let name = pending.at(-1); name !== undefined; name = pending.at(-1)) {
      const node = this.node(name);
      const missing = this.values.has(name)
        ? []
        : sourcesOf(node).filter((source) => !this.values.has(source));
      if (missing.length > 0) {
        pending.push(...missing);
        continue;
      }
      if (!this.values.has(name)) this.values.set(name, this.runNode(node));
      pending.pop();
    }
    return this.values.get(wanted) ?? [];
  }

  private runNode(node: NodeDef): readonly TensorData[] {
    if (node.op === 'HashTableV2') return [];
    const table = this.tables.get(node.input[0] ?? '');
    const inputs = node.input.slice(table === undefined ? 0 : 1).map((name) => {
      const [source = '', output = '0'] = name.split(':');
      const value = this.values.get(source)?.[Number(output)];
      if (value === undefined) throw new RangeError(`The SavedModel has no tensor ${name}.`);
      return value;
    });
    return runOperation(node, inputs, table);
  }

  private node(name: string): NodeDef {
    const node = this.nodes.get(name);
    if (node === undefined) throw new RangeError(`The SavedModel has no node ${name}.`);
    return node;
  }
}

function sourcesOf(node: NodeDef): string[] {
  return node.input.map((name) => name.split(':')[0] ?? '');
}
