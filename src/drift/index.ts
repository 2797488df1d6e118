export type { BinLabel } from './bins.js';
export { type ColumnDrift, compareCounts, furthestFirst, MAJOR } from './compare.js';
export { Counter, type Counts, emptyCounts, mergeCounts } from './counts.js';
export { describeTable } from './describe.js';
export { LOG_PREFIX, LOG_SUFFIX, type LoggedPrediction } from './logged-prediction.js';
export { predictionSchema, predictionTable } from './predictions.js';
export type { DriftReference } from './reference.js';
