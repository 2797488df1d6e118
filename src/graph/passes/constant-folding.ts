import type { TensorData } from '../../core/tensor.js';
import { sizeOf } from '../../core/tensor.js';
import { valueInfo, type Graph, type GraphNode, type ValueId } from '../graph.js';
import { hasSymbolic } from '../symbolic.js';
import { sameShape } from '../shapes.js';

/** Constants larger than this are left to be made at run time. */
const LARGEST = 4096;

const unary: Readonly<Record<string, (x: number) => number>> = {
  Neg: (x) => -x,
  Sqrt: Math.sqrt,
  Square: (x) => x * x,
  Exp: Math.exp,
  Log: Math.log,
  Reciprocal: (x) => 1 / x,
  Rsqrt: (x) => 1 / Math.sqrt(x),
};

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Multiply: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
};

/** Computes small float32 constants ahead; tfjs' gradients are full of them: 2 · (1/n). */
export function foldConstants(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    const info = output === undefined ? undefined : valueInfo(graph, output);
    if (output === undefined || info === undefined) {
      nodes.push(node);
      continue;
    }
    const folded = hasSymbolic(info.shape) ? undefined : fold(node, info.shape, constants);
    if (folded !== undefined) constants.set(output, folded);
    else nodes.push(node);
  }
  return { ...graph, nodes, constants };
}

function fold(
  node: GraphNode,
  shape: readonly number[],
  constants: ReadonlyMap<ValueId, TensorData>,
): TensorData | undefined {
  if (sizeOf(shape) > LARGEST || node.inputs.length === 0) return undefined;
  const inputs: { shape: readonly number[]; data: Float32Array }[] = [];
  for (const id of node.inputs) {
    const constant = constants.get(id);
    if (constant?.dtype !== 'float32') return undefined;
    inputs.push({ shape: constant.shape, data: constant.data as Float32Array });
  }
  const [a, b] = inputs;
  if (a === undefined) return undefined;
  if (node.op === 'Reshape' || node.op === 'ExpandDims') return { dtype: 'float32', shape, data: a.data };
  const one = unary[node.op];
  if (one !== undefined) return { dtype: 'float32', shape, data: a.data.map(one) };
  const two = binary[node.op];
  if (two === undefined || b === undefined) return undefined;
  const [x, y] = [elements(a, shape), elements(b, shape)];
  if (x === undefined || y === undefined) return undefined;
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => two(x(i), y(i)));
  return { dtype: 'float32', shape, data };
}

/** Elements of an operand that has the result's shape or is a single number; other broadcasting is not folded. */
function elements(
  operand: { shape: readonly number[]; data: Float32Array },
  shape: readonly number[],
): ((index: number) => number) | undefined {
  if (operand.data.length === 1) return () => operand.data[0] ?? NaN;
  return sameShape(operand.shape, shape) ? (index) => operand.data[index] ?? NaN : undefined;
}
