import { AimaasError } from '../core/errors.js';
import type { Graph } from '../graph/graph.js';

/**
 * A graph that answers, which must give the same row the same answer every time: what is predicted, evaluated, exported
 * and served is compared to the bit.
 * @throws AimaasError MODEL_FILE naming the layer that draws random numbers in it.
 */
export function deterministic(graph: Graph): Graph {
  const draw = graph.nodes.find(({ op }) => op === 'RandomUniform');
  if (draw === undefined) return graph;
  const where = draw.layer === undefined ? 'The model' : `The layer "${draw.layer}"`;
  throw new AimaasError(
    'MODEL_FILE',
    `${where} draws random numbers when it is not being trained too, so the same row would have another answer every time.`,
    {
      hint: 'Draw in training only: call(inputs, kwargs) { return kwargs.training ? noisy : plain; } (docs/models.md)',
    },
  );
}
