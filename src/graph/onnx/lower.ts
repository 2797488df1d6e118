import { unsupportedOperation } from '../kernels/index.js';
import { AimaasError } from '../../core/errors.js';
import type { TensorData } from '../../core/tensor.js';
import { valueInfo, type Graph, type ValueId } from '../graph.js';
import { hasSymbolic } from '../symbolic.js';
import { Emission, type Emitters } from './emitter.js';
import { channelsFirstEmitters } from './channels-first/emitters.js';
import { binaryEmitters } from './emitters/binary.js';
import { convolutionEmitters } from './emitters/convolution.js';
import { indexingEmitters } from './emitters/indexing.js';
import { matMulEmitters } from './emitters/matmul.js';
import { poolingEmitters } from './emitters/pooling.js';
import { reductionEmitters } from './emitters/reduction.js';
import { resizeEmitters } from './emitters/resize.js';
import { scanEmitter } from './emitters/scan.js';
import { shapingEmitters } from './emitters/shaping.js';
import { unaryEmitters } from './emitters/unary.js';
import type { OnnxWriter } from './writer.js';

const emitters: Emitters = {
  ...unaryEmitters,
  ...binaryEmitters,
  ...reductionEmitters,
  ...matMulEmitters,
  ...shapingEmitters,
  ...indexingEmitters,
  ...convolutionEmitters,
  ...poolingEmitters,
  ...resizeEmitters,
  ...channelsFirstEmitters,
  Scan: scanEmitter(lowerNodes),
};

/**
 * Writes a graph's nodes. `given` names the values of its inputs; the result names those of its outputs, which may be
 * inputs or constants. `preferred` names are given to values that a node makes.
 */
export function lowerNodes(
  graph: Graph,
  writer: OnnxWriter,
  given: ReadonlyMap<ValueId, string>,
  preferred: ReadonlyMap<ValueId, string> = new Map(),
): Record<string, string> {
  const names = new Map(given);
  const nameOf = (id: ValueId): string => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const constant = graph.constants.get(id);
    if (constant === undefined) throw new Error(`Value ${id} is used before it is made.`);
    const name = lowerConstant(constant, writer);
    names.set(id, name);
    return name;
  };
  for (const node of graph.nodes) {
    const emitter = emitters[node.op];
    if (emitter === undefined) throw unsupportedOperation(node.op, node.layer);
    const outputs = node.outputs.map((id) => preferred.get(id) ?? writer.names.next('v'));
    emitter(
      new Emission({
        writer,
        node,
        inputs: node.inputs.map(nameOf),
        inputInfos: node.inputs.map((id) => valueInfo(graph, id)),
        outputs,
        outputInfos: node.outputs.map((id) => valueInfo(graph, id)),
      }),
    );
    node.outputs.forEach((id, i) => names.set(id, outputs[i] ?? ''));
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, nameOf(value)]));
}

/** A constant whose shape has the batch size in it must be one value repeated, and is made at run time. */
function lowerConstant(constant: TensorData, writer: OnnxWriter): string {
  if (!hasSymbolic(constant.shape)) return writer.constant(constant);
  const { data } = constant;
  const first = data[0];
  for (let i = 1; i < data.length; i++) {
    if (data[i] !== first && !(Number.isNaN(data[i]) && Number.isNaN(first))) {
      throw new AimaasError(
        'UNSUPPORTED',
        'The model holds a constant with different values for the rows of a batch, so it cannot take batches of any size.',
      );
    }
  }
  const scalar = { ...constant, shape: [], data: data.slice(0, 1) } as TensorData;
  return writer.emit('Expand', [writer.constant(scalar), writer.dimensions(constant.shape)]);
}
