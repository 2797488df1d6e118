import type { Json, JsonObject } from '../../core/json.js';
import type { Scores } from '../scores.js';

/** What replacing one input by its typical value does to an answer. */
export type Effect = {
  readonly column: string;
  readonly value: Json;
  readonly typical: Json;
  /** The answer as given minus the answer with the typical value: positive where the value given raised it. */
  readonly effect: number;
};

/** The row, and for every column the row with its typical value in the place of the one given. */
export function replacedRows(
  record: JsonObject,
  typical: JsonObject,
  columns: readonly string[],
): JsonObject[] {
  return [record, ...columns.map((column) => ({ ...record, [column]: typical[column] ?? null }))];
}

/**
 * One-at-a-time replacement effects, the largest first: how the probability of the predicted class (or the value) changes
 * when a single input is replaced by its typical value, all others staying as they are. They need as many predictions as
 * there are columns, and unlike Shapley values they do not add up: of two inputs that say the same, each alone may matter
 * little.
 * @param scores of `replacedRows`.
 */
export function effectsOf(
  record: JsonObject,
  typical: JsonObject,
  columns: readonly string[],
  scores: Scores,
): Effect[] {
  const index = scores.classes.length === 0 ? 0 : scores.classes.indexOf(scores.label(0));
  const given = scores.at(0, index);
  return columns
    .map((column, i) => ({
      column,
      value: record[column] ?? null,
      typical: typical[column] ?? null,
      effect: given - scores.at(i + 1, index),
    }))
    .sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
}
