import { AimaasError } from '../core/errors.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { ValueId } from '../graph/graph.js';
import { SYMBOLIC_BATCH } from '../graph/symbolic.js';
import type { FittedFeatures } from './fitted.js';
import { GraphMath } from './graph-math.js';
import type { GraphPart } from './kind.js';
import { featureKind } from './kinds/index.js';

export interface FeatureGraphOptions {
  /**
   * How dates come in: as milliseconds since 1970 UTC (the default), or as `[days, seconds of the day]` in `[batch, 2]`,
   * for runtimes without 64-bit numbers.
   */
  readonly dates?: 'milliseconds' | 'days';
}

export interface FeatureGraph {
  /**
   * Raw column name → graph input `[batch, 1]`: float64 with NaN for missing, or string with "" for missing. Dates: see
   * FeatureGraphOptions.
   */
  readonly inputs: ReadonlyMap<string, ValueId>;
  /** The features, float32 `[batch, layout.length]`. */
  readonly matrix: ValueId;
}

interface PlacedPart extends GraphPart {
  /** Where its first feature is in the matrix. */
  readonly position: number;
}

/**
 * Appends the transform to a graph: an input for every raw column, named as the column, and what `transform` computes as
 * one matrix. Numbers stay float64 until they are features, as in `transform`.
 * @throws AimaasError UNSUPPORTED naming the column that has no counterpart in a graph.
 */
export function appendFeatureGraph(
  builder: GraphBuilder,
  features: FittedFeatures,
  options: FeatureGraphOptions = {},
): FeatureGraph {
  const inputs = new Map<string, ValueId>();
  const placed: PlacedPart[] = [];
  features.columns.forEach(({ schema, state }, i) => {
    const kind = featureKind(schema.kind);
    const width = schema.kind === 'date' && options.dates === 'days' ? 2 : 1;
    const input = builder.input(schema.name, [SYMBOLIC_BATCH, width], kind.graphInput);
    inputs.set(schema.name, input);
    const parts = kind.graph(state, builder, input);
    if (typeof parts === 'string') {
      throw new AimaasError(
        'UNSUPPORTED',
        `Column "${schema.name}" (${schema.kind}) cannot be prepared inside an exported graph: ${parts}.`,
        {
          hint: `Leave the column out: aimaas preprocess --drop "${schema.name}"`,
          details: { column: schema.name },
        },
      );
    }
    let next = 0;
    for (const part of parts) {
      placed.push({ ...part, position: features.positions[i]?.[next] as number });
      next += part.width;
    }
  });
  const normalised = normaliseRows(builder, placed, new Set(features.rowNormalised));
  const ordered = [...normalised].sort((a, b) => a.position - b.position).map(({ value }) => value);
  const matrix = ordered.length === 1 ? (ordered[0] as ValueId) : builder.op('Concat', ordered, { axis: 1 });
  return { inputs, matrix };
}

/** Divides the given parts by their common length in every row, where that is not 0. */
function normaliseRows(
  builder: GraphBuilder,
  parts: readonly PlacedPart[],
  positions: ReadonlySet<number>,
): readonly PlacedPart[] {
  const members = parts.filter(({ position }) => positions.has(position));
  if (members.length === 0) return parts;
  const values = members.map(({ value }) => value);
  const row = values.length === 1 ? (values[0] as ValueId) : builder.op('Concat', values, { axis: 1 });
  const math = new GraphMath(builder);
  const precise = builder.op('Cast', [row], { dtype: 'float64' });
  const squares = math.sum(math.multiply(precise, precise));
  const zero = builder.op('Equal', [squares, math.scalar(0)]);
  const length = math.select(zero, math.scalar(1), math.sqrt(squares));
  return parts.map((part) => {
    if (!positions.has(part.position)) return part;
    const value = builder.op('Cast', [part.value], { dtype: 'float64' });
    return { ...part, value: math.toFloat32(math.divide(value, length)) };
  });
}
