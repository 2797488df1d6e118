import type { FeatureColumn } from '../../core/layout.js';
import type { StringColumn } from '../../core/table.js';
import type { GraphBuilder } from '../../graph/builder.js';
import type { ValueId } from '../../graph/graph.js';
import type { ColumnChoices } from '../choices.js';
import { compareText, type Count, Frequencies } from '../frequencies.js';
import { GraphMath } from '../graph-math.js';
import { type Accumulator, type FeatureKind, NO_VALUE, SAME_VALUE } from '../kind.js';

/** Categories of more levels than this get an embedding, unless told otherwise. */
const MOST_ONEHOT_LEVELS = 9;
/** Levels kept however many there are: the most frequent. The rest counts as "other". */
const MOST_LEVELS = { sign: 2, onehot: 1000, embedding: 10_000 } as const;

export type CategoryState = {
  readonly version: number;
  /**
   * `sign`: one feature, -1 for slot 0 and 1 for slot 1. `onehot`: a 0/1 feature for every slot. `embedding`: the code
   * slot + 1. A cell without a slot is 0 in all.
   */
  readonly encoding: 'sign' | 'onehot' | 'embedding';
  /** The levels in sorted order; a level's index is its slot. */
  readonly levels: readonly string[];
  /** Slot of a missing cell and of a level that is rare or was never seen; -1 for none. */
  readonly missing: number;
  readonly other: number;
  /** Levels and, where they have one of their own, missing and other. */
  readonly slots: number;
};

class CategoryAccumulator implements Accumulator<CategoryState, StringColumn> {
  private readonly frequencies = new Frequencies();
  private readonly choices: ColumnChoices;
  private rows = 0;
  private missing = 0;

  constructor(choices: ColumnChoices) {
    this.choices = choices;
  }

  add(column: StringColumn): void {
    this.rows += column.codes.length;
    this.missing += this.frequencies.addColumn(column);
  }

  finish(): CategoryState {
    const { choices, rows } = this;
    const ranked = this.frequencies.ranked();
    const least = choices.minFrequency < 1 ? choices.minFrequency * rows : choices.minFrequency;
    const frequent = ranked.filter(({ count }) => count >= least);
    const imputed = this.imputedLevel(ranked);
    const ownMissing = this.missing > 0 && imputed === undefined && choices.impute !== 'drop' ? 1 : 0;
    const grouped = frequent.length < ranked.length ? 1 : 0;
    const encoding = encodingOf(choices, frequent.length + ownMissing + grouped);

    const kept = frequent.slice(0, MOST_LEVELS[encoding]);
    const levels = kept.map(({ text }) => text).sort(compareText);
    const missing = ownMissing === 1 ? levels.length : imputed === undefined ? -1 : levels.indexOf(imputed);
    // In an embedding the rare share code 0 with the unseen, which is so trained.
    const ownOther = kept.length < ranked.length && encoding !== 'embedding' ? 1 : 0;
    const other = ownOther === 1 ? levels.length + ownMissing : -1;
    return {
      version: category.version,
      encoding,
      levels,
      missing: missing < 0 ? other : missing,
      other,
      slots: levels.length + ownMissing + ownOther,
    };
  }

  /** The level that missing cells are given; undefined when they stay a level of their own. */
  private imputedLevel(ranked: readonly Count[]): string | undefined {
    if (this.choices.impute === 'most_frequent') return ranked[0]?.text;
    return this.choices.impute === 'constant' ? (this.choices.fill ?? undefined) : undefined;
  }
}

function encodingOf(choices: ColumnChoices, slots: number): CategoryState['encoding'] {
  if (choices.encode === 'onehot') return slots <= 2 ? 'sign' : 'onehot';
  if (choices.encode === 'embedding') return 'embedding';
  if (slots <= 2) return 'sign';
  return slots <= MOST_ONEHOT_LEVELS ? 'onehot' : 'embedding';
}

/** The name of what a slot stands for, as in "island=Dream", "island missing", "island other". */
function slotName(column: string, { levels, other }: CategoryState, slot: number): string {
  if (slot < levels.length) return `${column}=${levels[slot] as string}`;
  return slot === other ? `${column} other` : `${column} missing`;
}

/** Fewer than two slots tell nothing apart. */
function isConstant(state: CategoryState): boolean {
  return state.slots < 2;
}

/** The slot of every cell as float64, -1 for none. */
function graphSlot(state: CategoryState, builder: GraphBuilder, input: ValueId): ValueId {
  const { levels, missing, other } = state;
  const math = new GraphMath(builder);
  const lookup = (keys: readonly string[], otherwise: number): ValueId => {
    const index = builder.op('LookupIndex', [input], { keys: [...keys], default: otherwise });
    return builder.op('Cast', [index], { dtype: 'float64' });
  };
  if (missing === other) return lookup(levels, other);
  if (missing === levels.length) return lookup([...levels, ''], other);
  // Missing is imputed by a level: two numbers beyond the slots tell it from the unseen.
  const [empty, unseen] = [levels.length, levels.length + 1];
  const index = lookup([...levels, ''], unseen);
  const is = (value: number): ValueId => builder.op('Equal', [index, math.scalar(value)]);
  return math.select(is(empty), math.scalar(missing), math.select(is(unseen), math.scalar(other), index));
}

/** Words for one of a few kinds: two levels as ±1, some as one-hot, many as codes for an embedding. */
export const category: FeatureKind<CategoryState, StringColumn> = {
  kind: 'category',
  storage: 'string',
  version: 1,
  start: (_column, choices) => new CategoryAccumulator(choices),
  layout: (column, state) => {
    if (isConstant(state)) return [];
    const feature = { source: column, role: 'indicator', cardinality: 0 } as const;
    switch (state.encoding) {
      case 'sign':
        return [{ ...feature, name: slotName(column, state, 1) }];
      case 'onehot':
        return Array.from({ length: state.slots }, (_, slot): FeatureColumn => ({
          ...feature,
          name: slotName(column, state, slot),
        }));
      case 'embedding':
        return [{ source: column, name: column, role: 'code', cardinality: state.slots + 1 }];
    }
  },
  left: ({ levels, other }) => {
    if (levels.length > 0) return SAME_VALUE;
    return other < 0 ? NO_VALUE : 'each of its values is rarer than --min-frequency wants';
  },
  compile: (state) => {
    const { encoding, missing, other } = state;
    const slots = new Map(state.levels.map((level, slot) => [level, slot]));
    const slotOf = (text: string): number => (text === '' ? missing : (slots.get(text) ?? other));
    return {
      write: ({ codes, dictionary }, matrix, width, at) => {
        // Rows usually outnumber levels; where they do not, only the levels that occur are looked up.
        const known = dictionary.length <= codes.length ? dictionary.map(slotOf) : undefined;
        const first = at[0] as number;
        for (let row = 0, base = 0; row < codes.length; row++, base += width) {
          const code = codes[row] as number;
          const slot = code < 0 ? missing : (known?.[code] ?? slotOf(dictionary[code] as string));
          if (encoding === 'embedding') matrix[base + first] = slot + 1;
          else if (slot < 0) continue;
          else if (encoding === 'sign') matrix[base + first] = 2 * slot - 1;
          else matrix[base + (at[slot] as number)] = 1;
        }
      },
    };
  },
  graphInput: 'string',
  graph: (state, builder, input) => {
    const math = new GraphMath(builder);
    const { encoding, slots } = state;
    const index = graphSlot(state, builder, input);
    switch (encoding) {
      case 'embedding':
        return [{ value: math.toFloat32(math.add(index, math.scalar(1))), width: 1 }];
      case 'sign': {
        const none = builder.op('Equal', [index, math.scalar(-1)]);
        const sign = math.subtract(math.multiply(index, math.scalar(2)), math.scalar(1));
        return [{ value: math.toFloat32(math.select(none, math.scalar(0), sign)), width: 1 }];
      }
      case 'onehot': {
        const hits = builder.op('Equal', [index, math.row(Array.from({ length: slots }, (_, slot) => slot))]);
        return [{ value: math.toFloat32(hits), width: slots }];
      }
    }
  },
};
