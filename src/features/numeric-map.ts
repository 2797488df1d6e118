import { type FeatureColumn, SMOOTH_CLIP } from '../core/layout.js';
import type { GraphBuilder } from '../graph/builder.js';
import type { ValueId } from '../graph/graph.js';
import type { Outliers, Scale } from '../core/feature-names.js';
import type { Summary } from './distribution.js';
import { GraphMath } from './graph-math.js';
import { inverseNormal } from './normal.js';

/** Scaled values are held within ±this; an infinite cell lands here. */
const LIMIT = 1e6;
const LARGEST_FLOAT32 = 3.4028234663852886e38;
/** Knots of a quantile map. */
const MOST_KNOTS = 257;
/** The interquartile range of a normal distribution, in standard deviations. */
const NORMAL_IQR = 1.3489795003921634;

/**
 * How a number becomes a feature. `linear`: z = (x − center) / spread held within ±limit; if `clip`, z / √(1 + (z/5)²),
 * which leaves ordinary values nearly as they are and takes outliers to at most 5 (RealMLP's smooth clip, with
 * the factor of tabular data that are z-scored); then z·gain + offset. `knots`: the piecewise linear function
 * through (x, y), flat outside.
 */
export type NumericMap =
  | {
      readonly type: 'linear';
      readonly center: number;
      readonly spread: number;
      readonly limit: number;
      readonly clip: boolean;
      readonly gain: number;
      readonly offset: number;
      /** Set where the clip was chosen for want of a choice. */
      readonly usual?: true;
    }
  | { readonly type: 'knots'; readonly x: readonly number[]; readonly y: readonly number[] };

/** The map for a column with at least two distinct values; undefined for one without. */
export function fitNumericMap(summary: Summary, scale: Scale, outliers: Outliers): NumericMap | undefined {
  const { mean, standardDeviation: deviation, minimum, maximum } = summary;
  if (minimum === maximum || !(deviation > 0)) return undefined;
  if (scale === 'quantile') return quantileMap(summary);
  const clip = outliers === 'auto' ? scale === 'standard' || scale === 'robust' : outliers === 'clip';
  const usual = clip && outliers === 'auto' ? ({ usual: true } as const) : {};
  const linear = { type: 'linear', limit: LIMIT, clip, gain: 1, offset: 0, ...usual } as const;
  switch (scale) {
    case 'standard':
      return { ...linear, center: mean, spread: deviation };
    case 'robust': {
      const range = summary.quantile(0.75) - summary.quantile(0.25);
      // More than half of the values may be equal; then their spread is that of the rest.
      const spread = range > 0 ? range / NORMAL_IQR : deviation;
      return { ...linear, center: summary.quantile(0.5), spread, gain: 1 / NORMAL_IQR };
    }
    case 'min_max': {
      if (!clip) return { ...linear, center: minimum, spread: maximum - minimum };
      const z = { ...linear, center: mean, spread: deviation };
      const low = mapNumber(z, minimum);
      const range = mapNumber(z, maximum) - low;
      return { ...z, gain: 1 / range, offset: -low / range };
    }
    case 'l2':
    case 'none':
      return clip
        ? { ...linear, center: mean, spread: deviation, gain: deviation, offset: mean }
        : { ...linear, center: 0, spread: 1, limit: LARGEST_FLOAT32 };
  }
}

/**
 * Values to the standard normal distribution by rank: knots at equally spaced ranks, each at the normal quantile of the
 * middle of the ranks that share its value, the outermost at half a row from the end.
 */
function quantileMap(summary: Summary): NumericMap {
  const knots = Math.min(MOST_KNOTS, Math.max(2, summary.count));
  const end = 0.5 / summary.count;
  const x: number[] = [];
  const ranks: { first: number; last: number }[] = [];
  for (let i = 0; i < knots; i++) {
    const p = i / (knots - 1);
    const value = i === 0 ? summary.minimum : i === knots - 1 ? summary.maximum : summary.quantile(p);
    const rank = ranks.at(-1);
    if (rank !== undefined && x.at(-1) === value) rank.last = p;
    else {
      x.push(value);
      ranks.push({ first: p, last: p });
    }
  }
  const y = ranks.map(({ first, last }) =>
    inverseNormal(Math.max(end, Math.min(1 - end, (first + last) / 2))),
  );
  return { type: 'knots', x, y };
}

/** The feature that a map gives. */
export function numericFeature(source: string, name: string, map: NumericMap): FeatureColumn {
  const feature = { source, name, role: 'numeric', cardinality: 0 } as const;
  if (map.type === 'knots' || map.usual === undefined) return feature;
  return { ...feature, clipped: { gain: map.gain, offset: map.offset } };
}

/** The feature of one number (not NaN). */
export function mapNumber(map: NumericMap, value: number): number {
  if (map.type === 'knots') return interpolate(map.x, map.y, value);
  let z = (value - map.center) / map.spread;
  if (z > map.limit) z = map.limit;
  else if (z < -map.limit) z = -map.limit;
  if (map.clip) z /= Math.sqrt(1 + (z / SMOOTH_CLIP) * (z / SMOOTH_CLIP));
  return z * map.gain + map.offset;
}

function interpolate(x: readonly number[], y: readonly number[], value: number): number {
  const last = x.length - 1;
  if (value <= (x[0] as number)) return y[0] as number;
  if (value >= (x[last] as number)) return y[last] as number;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] as number) <= value) low = middle;
    else high = middle;
  }
  const [x0, x1] = [x[low] as number, x[high] as number];
  const [y0, y1] = [y[low] as number, y[high] as number];
  return y0 + ((y1 - y0) * (value - x0)) / (x1 - x0);
}

/** The same as nodes: float64 `[batch, 1]` without NaN in, float64 `[batch, 1]` out. */
export function graphNumericMap(builder: GraphBuilder, map: NumericMap, input: ValueId): ValueId {
  const math = new GraphMath(builder);
  if (map.type === 'knots') {
    // A sum of ramps: y₀ + Σ slopeᵢ · (how far x has come into segment i).
    const segments = map.x.slice(1).map((x1, i) => {
      const width = x1 - (map.x[i] as number);
      return { width, slope: ((map.y[i + 1] as number) - (map.y[i] as number)) / width };
    });
    const progress = math.clamp(
      math.subtract(input, math.row(map.x.slice(0, -1))),
      math.scalar(0),
      math.row(segments.map(({ width }) => width)),
    );
    const climbed = math.multiply(progress, math.row(segments.map(({ slope }) => slope)));
    return math.add(math.sum(climbed), math.scalar(map.y[0] as number));
  }
  let z = math.divide(math.subtract(input, math.scalar(map.center)), math.scalar(map.spread));
  z = math.clamp(z, math.scalar(-map.limit), math.scalar(map.limit));
  if (map.clip) {
    const part = math.divide(z, math.scalar(SMOOTH_CLIP));
    z = math.divide(z, math.sqrt(math.add(math.multiply(part, part), math.scalar(1))));
  }
  if (map.gain !== 1) z = math.multiply(z, math.scalar(map.gain));
  return map.offset === 0 ? z : math.add(z, math.scalar(map.offset));
}
