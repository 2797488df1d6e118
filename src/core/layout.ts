/**
 * One column of the feature matrix a model sees. `numeric` is a scaled number; `indicator` is 0 or 1, −1 or 1, or the
 * weight of a word; `code` is a whole number in [0, cardinality) stored as float32, for an embedding, where 0 stands for
 * missing or never seen.
 */
export type FeatureColumn = {
  /** Name of the raw column it comes from. */
  readonly source: string;
  /** Name of this feature, unique: "island=Dream", "body_mass_g", "body_mass_g missing". */
  readonly name: string;
  readonly role: 'numeric' | 'indicator' | 'code';
  /** Number of codes for `code`; 0 otherwise. */
  readonly cardinality: number;
  /**
   * Of a number that went through the smooth clip because nobody said otherwise, which suits networks: what it was
   * multiplied by and what was added after it. A family that wants straight inputs can undo it.
   */
  readonly clipped?: { readonly gain: number; readonly offset: number };
};

/** Where the smooth clip z / √(1 + (z/5)²) flattens out, in standard deviations. */
export const SMOOTH_CLIP = 5;

/** The columns of the feature matrix, in order. */
export type FeatureLayout = readonly FeatureColumn[];
