import type { FeatureColumn } from '../../core/layout.js';
import type { NumberColumn } from '../../core/table.js';
import type { ColumnChoices } from '../choices.js';
import { GraphMath } from '../graph-math.js';
import { type Accumulator, type FeatureKind, NO_VALUE, SAME_VALUE } from '../kind.js';

export type BooleanState = {
  readonly version: number;
  /** Whether both values occur in the training rows; else the value itself is no feature. */
  readonly varies: boolean;
  /** The feature of a missing cell: -1, 0 or 1. */
  readonly fill: number;
  readonly indicator: boolean;
  /** The training rows have no value at all. */
  readonly empty?: true;
};

class BooleanAccumulator implements Accumulator<BooleanState, NumberColumn> {
  private readonly choices: ColumnChoices;
  private falses = 0;
  private trues = 0;
  private missing = 0;

  constructor(choices: ColumnChoices) {
    this.choices = choices;
  }

  add({ values }: NumberColumn): void {
    for (const value of values) {
      if (Number.isNaN(value)) this.missing++;
      else if (value === 0) this.falses++;
      else this.trues++;
    }
  }

  finish(): BooleanState {
    const { falses, trues, missing, choices } = this;
    let fill = 0;
    if (choices.impute === 'most_frequent') fill = trues > falses ? 1 : -1;
    if (choices.impute === 'constant') fill = choices.fill === 'true' ? 1 : -1;
    const informative = missing > 0 && falses + trues > 0;
    return {
      version: boolean.version,
      varies: falses > 0 && trues > 0,
      fill,
      indicator: informative && choices.indicator === 'auto' && choices.impute !== 'drop',
      ...(falses + trues === 0 ? { empty: true } : {}),
    };
  }
}

/** A boolean: -1 for false, 1 for true, 0 for missing unless imputed, with a 0/1 feature where cells are missing. */
export const boolean: FeatureKind<BooleanState, NumberColumn> = {
  kind: 'boolean',
  storage: 'number',
  version: 1,
  start: (_column, choices) => new BooleanAccumulator(choices),
  layout: (column, { varies, indicator }) => {
    const feature = (name: string): FeatureColumn => ({
      source: column,
      name,
      role: 'indicator',
      cardinality: 0,
    });
    return [...(varies ? [feature(column)] : []), ...(indicator ? [feature(`${column} missing`)] : [])];
  },
  left: ({ empty }) => (empty === true ? NO_VALUE : SAME_VALUE),
  compile: ({ varies, fill, indicator }) => ({
    write: ({ values }, matrix, width, at) => {
      const valueAt = at[0] as number;
      const missingAt = indicator ? (at[varies ? 1 : 0] as number) : 0;
      for (let row = 0, base = 0; row < values.length; row++, base += width) {
        const value = values[row] as number;
        const missing = value !== value;
        if (varies) matrix[base + valueAt] = missing ? fill : value === 0 ? -1 : 1;
        if (indicator && missing) matrix[base + missingAt] = 1;
      }
    },
  }),
  graphInput: 'float64',
  graph: ({ varies, fill, indicator }, builder, input) => {
    const math = new GraphMath(builder);
    const missing = math.isNan(input);
    const parts = [];
    if (varies) {
      const isFalse = builder.op('Equal', [input, math.scalar(0)]);
      const value = math.select(isFalse, math.scalar(-1), math.scalar(1));
      parts.push({
        value: math.toFloat32(math.select(missing, math.scalar(fill), value)),
        width: 1,
      });
    }
    if (indicator) parts.push({ value: math.toFloat32(missing), width: 1 });
    return parts;
  },
};
