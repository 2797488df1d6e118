export { type ChoiceSettings, type FeatureChoices, resolveChoices } from './choices.js';
export { FeatureFitter, fitFeatures } from './fit.js';
export { FittedFeatures, loadFeatures } from './fitted.js';
export { appendFeatureGraph, type FeatureGraphOptions } from './graph.js';
export { FEATURE_KINDS } from './kinds/index.js';
