export {
  type ChoiceSettings,
  type ColumnChoices,
  DEFAULT_CHOICES,
  ENCODINGS,
  type FeatureChoices,
  IMPUTATIONS,
  INDICATORS,
  OUTLIERS,
  resolveChoices,
  SCALES,
} from './choices.js';
export { FeatureFitter, fitFeatures } from './fit.js';
export { FittedFeatures, type LeftOut, loadFeatures } from './fitted.js';
export { appendFeatureGraph, type FeatureGraph, type FeatureGraphOptions } from './graph.js';
export { FEATURE_KINDS } from './kinds/index.js';
