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
};

/** The columns of the feature matrix, in order. */
export type FeatureLayout = readonly FeatureColumn[];
