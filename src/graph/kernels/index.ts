import type { Attributes, ValueInfo } from '../graph.js';
import { AimaasError } from '../../core/errors.js';
import { binaryKernels } from './binary.js';
import { convolutionKernels } from './convolution.js';
import type { KernelDefinition, KernelDefinitions } from './definition.js';
import { indexingKernels } from './indexing.js';
import { reductionKernels } from './reduction.js';
import { shapingKernels } from './shaping.js';
import { unaryKernels } from './unary.js';

/** Every operation a graph may hold. */
const kernels: KernelDefinitions = {
  ...unaryKernels,
  ...binaryKernels,
  ...reductionKernels,
  ...shapingKernels,
  ...indexingKernels,
  ...convolutionKernels,
};

/** Names of the operations that a graph may hold. */
export const KERNEL_NAMES: readonly string[] = Object.keys(kernels);

/** The definition of an operation; UNSUPPORTED for one that the graph does not know. */
export function kernelDefinition(op: string, layer?: string): KernelDefinition {
  const definition = kernels[op];
  if (definition === undefined) throw unsupportedOperation(op, layer);
  return definition;
}

export function unsupportedOperation(op: string, layer?: string, reason?: string): AimaasError {
  const where = layer === undefined ? '' : ` (in layer "${layer}")`;
  return new AimaasError(
    'UNSUPPORTED',
    `The operation ${op}${where} cannot be part of a compiled model${reason === undefined ? '' : `: ${reason}`}.`,
    { hint: 'Replace it by other tfjs operations.' },
  );
}

/** Shapes and dtypes of the outputs of `op`. */
export function inferOutputs(
  op: string,
  inputs: readonly ValueInfo[],
  attributes: Attributes,
  layer?: string,
): readonly ValueInfo[] {
  const definition = kernelDefinition(op, layer);
  try {
    return definition.infer(inputs, attributes);
  } catch (cause) {
    if (cause instanceof RangeError || cause instanceof TypeError) {
      const where = layer === undefined ? '' : ` in layer "${layer}"`;
      throw new AimaasError(
        'UNSUPPORTED',
        `The operation ${op}${where} does not fit its inputs: ${cause.message}.`,
        {
          cause,
        },
      );
    }
    throw cause;
  }
}
