import type { FeatureColumn } from '../../core/layout.js';
import type { StringColumn } from '../../core/table.js';
import type { ColumnChoices } from '../choices.js';
import { compareText, Frequencies } from '../frequencies.js';
import type { Accumulator, FeatureKind } from '../kind.js';
import { wordsOf } from '../words.js';

export type TextState = {
  readonly version: number;
  /** In sorted order, each with its inverse document frequency. */
  readonly words: readonly string[];
  readonly idf: readonly number[];
  readonly indicator: boolean;
};

class TextAccumulator implements Accumulator<TextState, StringColumn> {
  /** Of every word, the number of rows it occurs in. */
  private readonly rowsWith = new Frequencies();
  private readonly choices: ColumnChoices;
  private rows = 0;
  private missing = 0;

  constructor(choices: ColumnChoices) {
    this.choices = choices;
  }

  add(column: StringColumn): void {
    const texts = new Frequencies();
    this.missing += texts.addColumn(column);
    for (const { text, count } of texts.ranked()) {
      this.rows += count;
      for (const word of new Set(wordsOf(text))) this.rowsWith.add(word, count);
    }
  }

  finish(): TextState {
    const { rows, choices } = this;
    // A word of one row is a name rather than a sign of anything, and a word of every row tells nothing.
    const kept = this.rowsWith
      .ranked()
      .filter(({ count }) => count > 1 && count < rows)
      .slice(0, choices.words)
      .sort((a, b) => compareText(a.text, b.text));
    return {
      version: text.version,
      words: kept.map(({ text: word }) => word),
      idf: kept.map(({ count }) => Math.log((1 + rows) / (1 + count)) + 1),
      indicator: this.missing > 0 && rows > 0 && choices.indicator === 'auto',
    };
  }
}

/**
 * Free text as weighted counts of the most common training words: tf·idf with the smoothed idf ln((1+n)/(1+df)) + 1,
 * every text scaled to length 1 (scikit-learn's TfidfVectorizer).
 */
export const text: FeatureKind<TextState, StringColumn> = {
  kind: 'text',
  storage: 'string',
  version: 1,
  start: (_column, choices) => new TextAccumulator(choices),
  layout: (column, { words, indicator }) => {
    const names = words.map((word) => `${column}: ${word}`);
    if (indicator) names.push(`${column} missing`);
    return names.map((name): FeatureColumn => ({ source: column, name, role: 'indicator', cardinality: 0 }));
  },
  left: () => 'no word of it occurs in several training rows',
  compile: ({ words, idf, indicator }) => {
    const index = new Map(words.map((word, i) => [word, i]));
    return {
      write: ({ codes, dictionary }, matrix, width, at) => {
        const weights = new Map<number, number>();
        for (let row = 0, base = 0; row < codes.length; row++, base += width) {
          const cell = dictionary[codes[row] as number];
          if (cell === undefined || cell === '') {
            if (indicator) matrix[base + (at[words.length] as number)] = 1;
            continue;
          }
          weights.clear();
          for (const word of wordsOf(cell)) {
            const i = index.get(word);
            if (i !== undefined) weights.set(i, (weights.get(i) ?? 0) + (idf[i] as number));
          }
          let squares = 0;
          for (const weight of weights.values()) squares += weight * weight;
          const length = Math.sqrt(squares);
          for (const [i, weight] of weights) matrix[base + (at[i] as number)] = weight / length;
        }
      },
    };
  },
  graphInput: 'string',
  graph: () => 'cutting free text into words has no counterpart among the operations of a graph',
};
