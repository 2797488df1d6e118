import type { Json, JsonObject } from '../core/json.js';
import type { DriftReference } from '../drift/index.js';
import type { ModelProfile } from '../server/served-model.js';

type ColumnReference = DriftReference['columns'][number];

/**
 * What is typical of the training rows of a model.
 * @param example what stands for columns of which the reference does not say it, such as text.
 */
export function profileOf({ columns }: DriftReference, example: JsonObject): ModelProfile {
  const known = columns.map(
    (column) => [column.name, typicalOf(column) ?? example[column.name] ?? null] as const,
  );
  const ranges = columns.flatMap(({ name, distribution }) => {
    if (distribution?.type !== 'numbers' || distribution.measure !== 'value') return [];
    return [[name, [distribution.knots[0] ?? 0, distribution.knots.at(-1) ?? 0]] as const];
  });
  return { typical: { ...example, ...Object.fromEntries(known) }, ranges: Object.fromEntries(ranges) };
}

/** The median, or the most frequent value; undefined where the reference has none. */
function typicalOf({ kind, distribution }: ColumnReference): Json | undefined {
  if (distribution === null) return undefined;
  if (distribution.type === 'categories') {
    const [value] = distribution.values;
    return kind === 'boolean' ? value === 'true' : value;
  }
  if (distribution.measure === 'characters') return undefined;
  const { knots, counts } = distribution;
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  let below = 0;
  const median = knots.find((_, i) => (below += counts[i] ?? 0) >= half) ?? 0;
  return distribution.measure === 'date' ? new Date(median).toISOString().slice(0, 10) : median;
}
