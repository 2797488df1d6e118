import type { FeatureColumn } from '../../core/layout.js';
import type { ColumnSchema, NumberColumn } from '../../core/table.js';
import type { ColumnChoices } from '../choices.js';
import { Distribution, LARGEST, type Summary } from '../distribution.js';
import { GraphMath } from '../graph-math.js';
import { type Accumulator, type FeatureKind, NO_VALUE, SAME_VALUE } from '../kind.js';
import {
  fitNumericMap,
  graphNumericMap,
  mapNumber,
  numericFeature,
  type NumericMap,
} from '../numeric-map.js';

export type NumberState = {
  readonly version: number;
  /** Stands in for a missing value, in the column's own unit. */
  readonly fill: number;
  /** null when the training values are all the same: the number itself is then no feature. */
  readonly map: NumericMap | null;
  /** Whether there is a 0/1 feature for "missing". */
  readonly indicator: boolean;
  /** Whether the feature takes part in the division of every row by its length. */
  readonly rowNormalised: boolean;
  /** Why there is no map, where it is not that all training values are the same. */
  readonly unmapped?: 'empty' | 'beyond';
};

function fillOf(summary: Summary, choices: ColumnChoices): number {
  switch (choices.impute) {
    case 'mean':
      return summary.mean;
    case 'most_frequent':
      return summary.mode;
    case 'constant':
      return Number(choices.fill);
    case 'auto':
    case 'median':
    case 'drop':
      return summary.quantile(0.5);
  }
}

class NumberAccumulator implements Accumulator<NumberState, NumberColumn> {
  private readonly distribution = new Distribution();
  private readonly choices: ColumnChoices;

  constructor(choices: ColumnChoices) {
    this.choices = choices;
  }

  add(column: NumberColumn): void {
    this.distribution.add(column.values);
  }

  finish(): NumberState {
    const { choices } = this;
    const summary = this.distribution.summary();
    const map = fitNumericMap(summary, choices.scale, choices.outliers) ?? null;
    const informative = summary.missing > 0 && summary.count > 0;
    const unmapped = summary.count === 0 ? 'empty' : summary.beyond === summary.count ? 'beyond' : undefined;
    return {
      version: number.version,
      fill: fillOf(summary, choices),
      map,
      indicator: informative && choices.indicator === 'auto' && choices.impute !== 'drop',
      rowNormalised: map !== null && choices.scale === 'l2',
      ...(map === null && unmapped !== undefined ? { unmapped } : {}),
    };
  }
}

/** A number: imputed, scaled, with a 0/1 feature beside it where values are missing. */
export const number: FeatureKind<NumberState, NumberColumn> = {
  kind: 'number',
  storage: 'number',
  version: 1,
  start: (_column: ColumnSchema, choices) => new NumberAccumulator(choices),
  layout: (column, { map, indicator }) => {
    const features: FeatureColumn[] = [];
    if (map !== null) features.push(numericFeature(column, column, map));
    if (indicator) {
      features.push({ source: column, name: `${column} missing`, role: 'indicator', cardinality: 0 });
    }
    return features;
  },
  left: ({ unmapped }) =>
    unmapped === 'empty'
      ? NO_VALUE
      : unmapped === 'beyond'
        ? `its values in the training rows are all beyond ±${LARGEST}, which is too large to scale`
        : SAME_VALUE,
  compile: ({ map, fill, indicator }) => ({
    write: ({ values }, matrix, width, at) => {
      const filled = map === null ? 0 : mapNumber(map, fill);
      const valueAt = map === null ? -1 : (at[0] as number);
      const missingAt = indicator ? (at[map === null ? 0 : 1] as number) : -1;
      for (let row = 0, base = 0; row < values.length; row++, base += width) {
        const value = values[row] as number;
        if (value === value) {
          if (map !== null) matrix[base + valueAt] = mapNumber(map, value);
        } else {
          if (map !== null) matrix[base + valueAt] = filled;
          if (indicator) matrix[base + missingAt] = 1;
        }
      }
    },
  }),
  graphInput: 'float64',
  graph: ({ map, fill, indicator }, builder, input) => {
    const math = new GraphMath(builder);
    const missing = math.isNan(input);
    const parts = [];
    if (map !== null) {
      const value = math.select(missing, math.scalar(fill), input);
      parts.push({ value: math.toFloat32(graphNumericMap(builder, map, value)), width: 1 });
    }
    if (indicator) parts.push({ value: math.toFloat32(missing), width: 1 });
    return parts;
  },
  rowNormalised: (state) => (state.rowNormalised ? 0 : undefined),
};
