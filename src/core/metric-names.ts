/**
 * Names of metrics, in the order they are shown. Here, where the command line finds them without loading the metrics,
 * which are typed by this list.
 */
export const METRIC_NAMES = [
  'accuracy',
  'balanced_accuracy',
  'mcc',
  'precision',
  'precision_macro',
  'precision_micro',
  'precision_weighted',
  'recall',
  'recall_macro',
  'recall_micro',
  'recall_weighted',
  'f1',
  'f1_macro',
  'f1_micro',
  'f1_weighted',
  'roc_auc',
  'average_precision',
  'log_loss',
  'brier',
  'ece',
  'rmse',
  'mse',
  'mae',
  'median_absolute_error',
  'mape',
  'r2',
  'explained_variance',
] as const;
export type MetricName = (typeof METRIC_NAMES)[number];

/** How far rows are from those a model learned from: what `monitor` can be given limits of. */
export const DRIFT_MEASURES = ['psi', 'prediction_psi', 'ks', 'missing', 'unseen'] as const;
export type DriftMeasure = (typeof DRIFT_MEASURES)[number];
