/**
 * Names that options of training take. Here, where the command line finds them without loading a numerical library;
 * the rooms that implement them are typed by these lists, so that neither has a name the other lacks.
 */

export const FAMILY_NAMES = ['linear', 'mlp'] as const;
export type FamilyName = (typeof FAMILY_NAMES)[number];

/** Activations of the hidden layers of an mlp. */
export const ACTIVATION_NAMES = [
  'relu',
  'selu',
  'elu',
  'mish',
  'silu',
  'gelu',
  'tanh',
  'sigmoid',
  'leaky_relu',
] as const;
export type ActivationName = (typeof ACTIVATION_NAMES)[number];

/** Endings of files that hold a model as code, and of all that hold one. */
export const MODEL_SCRIPT_ENDINGS: readonly string[] = ['.js', '.mjs', '.cjs'];
export const MODEL_FILE_ENDINGS: readonly string[] = [...MODEL_SCRIPT_ENDINGS, '.json'];

export const ENGINE_NAMES = ['onnxruntime', 'tensorflow', 'reference'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export const OPTIMIZER_NAMES = [
  'sgd',
  'momentum',
  'nesterov',
  'adagrad',
  'adadelta',
  'rmsprop',
  'centered_rmsprop',
  'adam',
  'adamw',
  'adamax',
  'nadam',
] as const;
export type OptimizerName = (typeof OPTIMIZER_NAMES)[number];

export const SCHEDULE_NAMES = ['constant', 'step', 'cosine', 'one_cycle', 'coslog4', 'plateau'] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

export const LOSS_NAMES = ['cross_entropy', 'focal', 'mse', 'mae', 'huber'] as const;
export type LossName = (typeof LOSS_NAMES)[number];
