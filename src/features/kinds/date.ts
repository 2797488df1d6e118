import type { FeatureColumn } from '../../core/layout.js';
import type { NumberColumn } from '../../core/table.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { ValueId } from '../../graph/graph.js';
import {
  type Arithmetic,
  dateParts,
  DAY,
  LATEST,
  type Moment,
  momentOf,
  numberArithmetic,
} from '../calendar.js';
import type { ColumnChoices } from '../choices.js';
import { Distribution, type Summary } from '../distribution.js';
import { GraphMath } from '../graph-math.js';
import { type Accumulator, type FeatureKind, NO_VALUE, SAME_VALUE } from '../kind.js';
import {
  fitNumericMap,
  graphNumericMap,
  mapNumber,
  numericFeature,
  type NumericMap,
} from '../numeric-map.js';

/** Parts that come round again, and how long a round is. */
const CYCLES = { month: 12, day: 31, weekday: 7, hour: 24 } as const;
type Cycle = keyof typeof CYCLES;
const CYCLE_NAMES = Object.keys(CYCLES) as Cycle[];

export type DateState = {
  readonly version: number;
  /** Scale of the time itself (in milliseconds) and of the year; null when it does not vary. */
  readonly elapsed: NumericMap | null;
  readonly year: NumericMap | null;
  /** Parts that vary in the training rows, in the order of CYCLES; each gives a sine and a cosine. */
  readonly cycles: readonly Cycle[];
  /** Milliseconds that stand in for a missing date; null: all its features are 0, the middle of each. */
  readonly fill: number | null;
  readonly indicator: boolean;
  /** The training rows have no date at all. */
  readonly empty?: true;
};

/** A cell as a date that JavaScript can hold; ±Infinity becomes the earliest or latest. */
function held(milliseconds: number): number {
  return Math.max(-LATEST, Math.min(LATEST, milliseconds));
}

function fillOf(summary: Summary, choices: ColumnChoices): number | null {
  switch (choices.impute) {
    case 'median':
      return summary.quantile(0.5);
    case 'mean':
      return summary.mean;
    case 'most_frequent':
      return summary.mode;
    case 'constant':
      return Date.parse(choices.fill ?? '');
    case 'auto':
    case 'drop':
      return null;
  }
}

class DateAccumulator implements Accumulator<DateState, NumberColumn> {
  private readonly choices: ColumnChoices;
  private readonly time = new Distribution();
  private readonly year = new Distribution();
  private readonly ranges = new Map<Cycle, { low: number; high: number }>(
    CYCLE_NAMES.map((name) => [name, { low: Infinity, high: -Infinity }]),
  );

  constructor(choices: ColumnChoices) {
    this.choices = choices;
  }

  add({ values }: NumberColumn): void {
    this.time.add(values);
    const years = new Float64Array(values.length);
    values.forEach((value, row) => {
      years[row] = value;
      if (!Number.isFinite(value)) return;
      const parts = dateParts(numberArithmetic, momentOf(numberArithmetic, held(value)));
      years[row] = parts.year;
      for (const [name, range] of this.ranges) {
        range.low = Math.min(range.low, parts[name]);
        range.high = Math.max(range.high, parts[name]);
      }
    });
    this.year.add(years);
  }

  finish(): DateState {
    const summary = this.time.summary();
    const informative = summary.missing > 0 && summary.count > 0;
    const { choices } = this;
    return {
      version: date.version,
      elapsed: fitNumericMap(summary, 'standard', 'auto') ?? null,
      year: fitNumericMap(this.year.summary(), 'standard', 'auto') ?? null,
      cycles: CYCLE_NAMES.filter((name) => {
        const range = this.ranges.get(name);
        return range !== undefined && range.low < range.high;
      }),
      fill: fillOf(summary, choices),
      indicator: informative && choices.indicator === 'auto' && choices.impute !== 'drop',
      ...(summary.count === 0 ? { empty: true } : {}),
    };
  }
}

/** Writes the features of one date into `matrix`. */
function writeDate(
  state: DateState,
  value: number,
  matrix: Float32Array,
  base: number,
  at: Int32Array,
): void {
  const time = held(value);
  const parts = dateParts(numberArithmetic, momentOf(numberArithmetic, time));
  let next = 0;
  const put = (feature: number): void => {
    matrix[base + (at[next++] as number)] = feature;
  };
  if (state.elapsed !== null) put(mapNumber(state.elapsed, time));
  if (state.year !== null) put(mapNumber(state.year, parts.year));
  for (const name of state.cycles) {
    const angle = (2 * Math.PI * parts[name]) / CYCLES[name];
    put(Math.sin(angle));
    put(Math.cos(angle));
  }
}

function graphArithmetic(math: GraphMath, builder: GraphBuilder): Arithmetic<ValueId> {
  return {
    constant: (value) => math.scalar(value),
    add: (a, b) => math.add(a, b),
    subtract: (a, b) => math.subtract(a, b),
    multiply: (a, b) => math.multiply(a, b),
    divide: (a, b) => math.divide(a, b),
    floor: (a) => math.floor(a),
    atLeast: (a, b) => builder.op('Cast', [builder.op('GreaterEqual', [a, b])], { dtype: 'float64' }),
  };
}

/**
 * The raw column as a moment, with the fill where it is missing, and the scaled time. `[batch, 1]` holds milliseconds
 * since 1970; `[batch, 2]` days and seconds of the day, for runtimes without 64-bit numbers.
 */
function graphMoment(
  { elapsed, fill }: DateState,
  builder: GraphBuilder,
  input: ValueId,
): { readonly missing: ValueId; readonly moment: Moment<ValueId>; readonly elapsed: ValueId | undefined } {
  const math = new GraphMath(builder);
  const clamp = (value: ValueId, limit: number): ValueId =>
    math.clamp(value, math.scalar(-limit), math.scalar(limit));
  const [batch = 0, width] = builder.info(input).shape;
  if (width !== 2) {
    const missing = math.isNan(input);
    const time = clamp(math.select(missing, math.scalar(fill ?? 0), input), LATEST);
    return {
      missing,
      moment: momentOf(graphArithmetic(math, builder), time),
      elapsed: elapsed === null ? undefined : graphNumericMap(builder, elapsed, time),
    };
  }
  const part = (index: number): ValueId =>
    builder.op('Slice', [input], { begin: [0, index], size: [batch, 1] });
  const missing = math.isNan(part(0));
  const held = momentOf(numberArithmetic, fill ?? 0);
  const days = clamp(math.select(missing, math.scalar(held.days), part(0)), LATEST / DAY);
  const seconds = math.select(missing, math.scalar(held.seconds), part(1));
  const since = (center: number): ValueId => {
    const from = momentOf(numberArithmetic, center);
    const fraction = math.divide(math.subtract(seconds, math.scalar(from.seconds)), math.scalar(DAY / 1000));
    return math.add(math.subtract(days, math.scalar(from.days)), fraction);
  };
  const inDays = elapsed === null ? undefined : scaledInDays(elapsed);
  return {
    missing,
    moment: { days, seconds },
    elapsed: inDays === undefined ? undefined : graphNumericMap(builder, inDays.map, since(inDays.origin)),
  };
}

/** A map of milliseconds since 1970 as one of days since an origin near the values it was fitted on. */
function scaledInDays(map: NumericMap): { readonly map: NumericMap; readonly origin: number } {
  if (map.type === 'linear') {
    return { map: { ...map, center: 0, spread: map.spread / DAY }, origin: map.center };
  }
  const origin = map.x[0] ?? 0;
  return { map: { ...map, x: map.x.map((x) => (x - origin) / DAY) }, origin };
}

/** A date or time: how far along it is, its year, and sine and cosine of what comes round (month, day, weekday, hour). */
export const date: FeatureKind<DateState, NumberColumn> = {
  kind: 'date',
  storage: 'number',
  version: 1,
  start: (_column, choices) => new DateAccumulator(choices),
  layout: (column, { elapsed, year, cycles, indicator }) => {
    const feature = (part: string, role: 'numeric' | 'indicator' = 'numeric'): FeatureColumn => ({
      source: column,
      name: `${column} ${part}`,
      role,
      cardinality: 0,
    });
    return [
      ...(elapsed === null ? [] : [numericFeature(column, `${column} elapsed`, elapsed)]),
      ...(year === null ? [] : [numericFeature(column, `${column} year`, year)]),
      ...cycles.flatMap((name) => [feature(`${name} sin`), feature(`${name} cos`)]),
      ...(indicator ? [feature('missing', 'indicator')] : []),
    ];
  },
  left: ({ empty }) => (empty === true ? NO_VALUE : SAME_VALUE),
  compile: (state) => ({
    write: ({ values }, matrix, width, at) => {
      const missingAt = at[at.length - 1] as number;
      for (let row = 0, base = 0; row < values.length; row++, base += width) {
        const value = values[row] as number;
        if (value === value) {
          writeDate(state, value, matrix, base, at);
          continue;
        }
        if (state.fill !== null) writeDate(state, state.fill, matrix, base, at);
        if (state.indicator) matrix[base + missingAt] = 1;
      }
    },
  }),
  graphInput: 'float64',
  graph: (state, builder, input) => {
    const math = new GraphMath(builder);
    const { missing, moment, elapsed } = graphMoment(state, builder, input);
    const parts = dateParts(graphArithmetic(math, builder), moment);
    const features: ValueId[] = [];
    if (elapsed !== undefined) features.push(math.toFloat32(elapsed));
    if (state.year !== null) features.push(math.toFloat32(graphNumericMap(builder, state.year, parts.year)));
    for (const name of state.cycles) {
      const angle = math.multiply(parts[name], math.scalar((2 * Math.PI) / CYCLES[name]));
      features.push(builder.op('Sin', [math.toFloat32(angle)]), builder.op('Cos', [math.toFloat32(angle)]));
    }
    const shown =
      state.fill === null
        ? features.map((feature) => math.select(missing, builder.scalar(0), feature))
        : features;
    if (state.indicator) shown.push(math.toFloat32(missing));
    return shown.map((value) => ({ value, width: 1 }));
  },
};
