import * as tf from '@tensorflow/tfjs-core';
import { AimaasError } from '../core/errors.js';
import type { Graph } from '../graph/graph.js';
import { isSymbolic, SYMBOLIC_BATCH } from '../graph/symbolic.js';
import { trace } from '../graph/trace.js';
import type { Packing } from './packing.js';
import { applyNetwork, type InitialValues, PARAMETERS, type Program, STATISTICS } from './program.js';

/** The raw outputs of every member for rows of its own: parameters, x [members, rows, features] → [members, rows, units]. */
export function validationGraph(program: Program, rows: number): Graph {
  const { members, parameters, statistics } = program;
  const hasStatistics = statistics.specs.length > 0;
  return trace(
    (inputs) => {
      const weights = parameters.unpack(inputs[PARAMETERS] as tf.Tensor);
      const follow = hasStatistics ? statistics.unpack(inputs[STATISTICS] as tf.Tensor) : [];
      const x = inputs.x as tf.Tensor3D;
      return { outputs: applyNetwork(program, weights, follow, x, { training: false }).outputs };
    },
    {
      [PARAMETERS]: { shape: [members, parameters.width], dtype: 'float32' },
      ...(hasStatistics
        ? { [STATISTICS]: { shape: [members, statistics.width], dtype: 'float32' as const } }
        : {}),
      x: { shape: [members, rows, program.features], dtype: 'float32' },
    },
  );
}

/** From raw outputs [members, rows, units] to scores [members, rows, units]: probabilities, or values in the target's unit. */
export type Head = (outputs: tf.Tensor3D) => tf.Tensor3D;

/** The trained network for any number of rows: `features` [batch, width] → `scores` [batch, units], members averaged. */
export function networkGraph(program: Program, values: InitialValues, head: Head): Graph {
  return trace(
    ({ features }) => {
      const weights = constants(program.parameters, values.parameters);
      const follow = constants(program.statistics, values.statistics);
      const rows = tf.expandDims<tf.Tensor3D>(features as tf.Tensor2D, 0);
      const { outputs } = applyNetwork(program, weights, follow, rows, { training: false });
      return { scores: tf.mean(head(outputs), 0) };
    },
    { features: { shape: [SYMBOLIC_BATCH, program.features], dtype: 'float32' } },
  );
}

/** The weights as constants, each of its own shape: a packed matrix could be as wide as a symbolic batch. */
function constants(packing: Packing, matrix: Float32Array): tf.Tensor[] {
  return packing.unpackValues(matrix).map((values, index) => {
    const { name, shape } = packing.specs[index] as Packing['specs'][number];
    if (shape.some(isSymbolic)) {
      throw new AimaasError(
        'UNSUPPORTED',
        `The weight "${name}" has shape [${shape.slice(1).join(', ')}]; a multiple of ${SYMBOLIC_BATCH} stands for the batch and cannot be a size.`,
        { hint: `Make the size ${SYMBOLIC_BATCH} one larger or smaller.` },
      );
    }
    return tf.tensor(values, [...shape]);
  });
}
