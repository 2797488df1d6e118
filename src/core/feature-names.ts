/**
 * Names that options of preprocessing take. Here, where the command line finds them without loading what fits features.
 */

export const SCALES = ['standard', 'min_max', 'robust', 'quantile', 'l2', 'none'] as const;
export type Scale = (typeof SCALES)[number];

export const OUTLIERS = ['auto', 'clip', 'none'] as const;
export type Outliers = (typeof OUTLIERS)[number];

export const ENCODINGS = ['auto', 'onehot', 'embedding'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const INDICATORS = ['auto', 'off'] as const;
export type Indicator = (typeof INDICATORS)[number];

/**
 * What stands in for a missing value. `auto` is the kind's own default (the median of numbers, a level of its own for
 * categories, the middle for booleans and dates); `drop` leaves the row out and is `auto` for the rows that come later.
 */
export const IMPUTATIONS = ['auto', 'median', 'mean', 'most_frequent', 'constant', 'drop'] as const;
export type Imputation = (typeof IMPUTATIONS)[number];

/** Most words that a text column can be described by. */
export const MOST_TEXT_WORDS = 10_000;
