import { unsupportedOperation } from '../kernels/index.js';
import { sameShape } from '../shapes.js';
import { currentOrigin } from './origins.js';
import { withProperties } from './patch.js';
import { tf } from './tensorflow.js';
import type { Tracer } from './tracer.js';

type Gradients = Readonly<Record<string, () => tf.Tensor>>;

/** tfjs' record of one operation, from which it takes gradients. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, tf.Tensor>>;
  readonly outputs: readonly tf.Tensor[];
  gradient?: (dys: tf.Tensor[]) => Gradients;
}

interface TapedEngine {
  readonly state: { readonly activeTape: TapeNode[] };
  addTapeNode(this: TapedEngine, ...given: unknown[]): void;
}

/** Errors that say where they come from already. */
const explained = new WeakSet();

/**
 * Lets errors of gradients say which operation and which layer they are of, and nodes that gradients append the layer
 * that they belong to: tfjs takes gradients when all layers have been left.
 */
export function withExplainedGradients<T>(tracer: () => Tracer, body: () => T): T {
  const engine = tf.engine() as unknown as TapedEngine;
  // Called with the engine as `this`, below.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const original = engine.addTapeNode;
  const addTapeNode = function (this: TapedEngine, ...given: unknown[]): void {
    original.apply(this, given);
    const { activeTape } = this.state;
    const node = activeTape.at(-1);
    if (node === undefined) return;
    explain(node, tracer);
    afterTheirSource(activeTape, node);
  };
  return withProperties(engine, { addTapeNode }, body);
}

/**
 * tfjs 4.22 records the copies of an operation's results that its gradient keeps before the operation itself, so that a
 * gradient of the gradient does not find the way through them, and is silently wrong. They are put behind it.
 */
function afterTheirSource(tape: TapeNode[], node: TapeNode): void {
  const own = tape.length - 1;
  let first = own;
  while (first > 0 && copies(tape[first - 1], node)) first--;
  if (first < own) tape.splice(first, own - first + 1, node, ...tape.slice(first, own));
}

function copies(candidate: TapeNode | undefined, { outputs }: TapeNode): boolean {
  return candidate !== undefined && Object.values(candidate.inputs).some((input) => outputs.includes(input));
}

function explain(node: TapeNode, tracer: () => Tracer): void {
  const { gradient, kernelName, inputs } = node;
  const { layer } = tracer().builder;
  const origin = currentOrigin();
  const inside = <T>(work: () => T): T => {
    const at = tracer();
    at.enterLayer(layer);
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || explained.has(error)) throw error;
      const better = origin?.(error, layer) ?? error;
      explained.add(better);
      throw better;
    } finally {
      at.leaveLayer();
    }
  };
  node.gradient = (dys) =>
    inside(() => {
      if (gradient === undefined) throw unsupportedOperation(kernelName, layer, NO_GRADIENT);
      const made: Readonly<Record<string, (() => tf.Tensor) | undefined>> = gradient(dys);
      return Object.fromEntries(
        Object.entries(inputs).map(([name, input]) => [
          name,
          () => inside(() => checked(kernelName, input, name, made[name], layer)),
        ]),
      );
    });
}

const NO_GRADIENT = 'it has no gradient, and weights that are learned come before it';

function checked(
  kernelName: string,
  input: tf.Tensor,
  name: string,
  make: (() => tf.Tensor) | undefined,
  layer: string | undefined,
): tf.Tensor {
  if (make === undefined)
    throw unsupportedOperation(kernelName, layer, `it has no gradient for its "${name}"`);
  const gradient = make();
  if (sameShape(gradient.shape, input.shape) && gradient.dtype === 'float32') return gradient;
  throw new RangeError(
    `The gradient has dtype ${gradient.dtype} and shape [${gradient.shape.join(', ')}]; expected float32 of [${input.shape.join(', ')}].`,
  );
}
