import { AimaasError } from '../core/errors.js';
import { appendFeatureGraph, type FeatureGraphOptions, type FittedFeatures } from '../features/index.js';
import { GraphBuilder } from '../graph/builder.js';
import type { Graph, ValueId } from '../graph/graph.js';
import { SYMBOLIC_BATCH } from '../graph/symbolic.js';
import { classesOf } from '../tasks/index.js';
import type { ExportModel } from './exporter.js';

/** The whole way from a row to an answer as one graph. */
export interface WholeGraph {
  readonly graph: Graph;
  /** `columns`: an input per raw column, named as it is. `features`: the matrix, because of `reason`. */
  readonly takes: 'columns' | 'features';
  readonly reason: string | null;
  /** The feature matrix, float32 [batch, features]. */
  readonly matrix: ValueId;
  /** Names of the outputs: as they are called everywhere, unless a column has that name. */
  readonly outputs: {
    readonly label: string | null;
    readonly scores: string;
  };
}

/**
 * Raw columns → features → network → labelled answers. For classes: `label` string [batch] and `probabilities` float32
 * [batch, classes]; for numbers: `value` float32 [batch, 1]. A column that cannot be prepared inside a graph (free text)
 * makes the graph begin at the feature matrix.
 */
export function wholeGraph(model: ExportModel, options: FeatureGraphOptions = {}): WholeGraph {
  const builder = new GraphBuilder();
  const { matrix, reason } = featureMatrix(builder, model, options);
  const scores = builder.append(model.network, { features: matrix }).scores;
  if (scores === undefined) throw new Error('The network has no output "scores".');
  const taken = new Set(
    reason === null ? model.features.schema.columns.map(({ name }) => name) : ['features'],
  );
  const free = (name: string): string => (taken.has(name) ? free(`predicted_${name}`) : name);
  const names = { label: free('label'), probabilities: free('probabilities'), value: free('value') };
  const takes = reason === null ? 'columns' : 'features';
  if (model.target.task === 'regression') {
    builder.output(names.value, scores);
    return { graph: builder.build(), takes, reason, matrix, outputs: { label: null, scores: names.value } };
  }
  const best = builder.op('ArgMax', [scores], { axis: 1 });
  builder.output(names.label, builder.op('LookupLabel', [best], { labels: classesOf(model.target) }));
  builder.output(names.probabilities, scores);
  const outputs = { label: names.label, scores: names.probabilities };
  return { graph: builder.build(), takes, reason, matrix, outputs };
}

function featureMatrix(
  builder: GraphBuilder,
  { features, matrixBecause }: ExportModel,
  options: FeatureGraphOptions,
): { readonly matrix: ValueId; readonly reason: string | null } {
  const reason = matrixBecause ?? whyNotColumns(features);
  if (reason === null) return { matrix: appendFeatureGraph(builder, features, options).matrix, reason };
  return { matrix: builder.input('features', [SYMBOLIC_BATCH, features.layout.length]), reason };
}

/** Why the columns of a model cannot be inputs of a graph; null when they can. */
function whyNotColumns(features: FittedFeatures): string | null {
  try {
    appendFeatureGraph(new GraphBuilder(), features);
    return null;
  } catch (error) {
    if (error instanceof AimaasError && error.code === 'UNSUPPORTED') return error.message;
    throw error;
  }
}
