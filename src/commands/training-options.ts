import type { OptionSpec } from '../cli/command.js';
import { FAMILY_NAMES, LOSS_NAMES, OPTIMIZER_NAMES, SCHEDULE_NAMES } from '../core/training-names.js';
import { ACTIVATION, ENGINE, FAMILY_OR_FILE, NAME_AND_VALUE, UNITS } from './text-forms.js';

type Options = Readonly<Record<string, OptionSpec>>;

/** The feature set that models are trained on. */
export const FEATURES_OPTION = {
  features: {
    type: 'string',
    placeholder: 'ID',
    description: 'feature set to train on',
    defaultText: 'the current one',
    commandLineOnly: true,
  },
} as const satisfies Options;

/** What kind of network is trained. */
export const MODEL_OPTIONS = {
  model: {
    type: 'string',
    form: FAMILY_OR_FILE,
    placeholder: 'FAMILY|FILE',
    description: `model family (auto, ${FAMILY_NAMES.join(', ')}), or a file: ./my-model.js, model.json`,
    defaultText: 'auto',
    group: 'Model',
  },
  layers: {
    type: 'string',
    form: UNITS,
    placeholder: 'N,N',
    description: 'units of the hidden layers (mlp)',
    defaultText: '128,128,128',
    group: 'Model',
  },
  activation: {
    type: 'string',
    form: ACTIVATION,
    placeholder: 'NAME',
    description: 'activation of the hidden layers (mlp)',
    defaultText: 'selu, for numbers mish',
    group: 'Model',
  },
  dropout: {
    type: 'number',
    placeholder: 'P',
    minimum: 0,
    maximum: 0.9,
    description: 'probability of dropping a hidden unit (mlp)',
    defaultText: '0.15',
    group: 'Model',
  },
  batchNorm: {
    type: 'boolean',
    description: 'batch normalisation after every hidden layer (mlp)',
    group: 'Model',
  },
  members: {
    type: 'integer',
    placeholder: 'N',
    minimum: 1,
    maximum: 64,
    description: 'networks trained side by side and averaged',
    defaultText: '8; 2 above 20,000 rows',
    group: 'Model',
  },
  param: {
    type: 'string',
    form: NAME_AND_VALUE,
    placeholder: 'NAME=VALUE',
    repeatable: true,
    description: 'any other parameter of the family or file',
    group: 'Model',
  },
} as const satisfies Options;

/** How it is trained. */
export const COURSE_OPTIONS = {
  epochs: {
    type: 'integer',
    placeholder: 'N',
    minimum: 1,
    description: 'passes over the training rows',
    defaultText: 'by size of the data',
    group: 'Training',
  },
  batchSize: {
    type: 'integer',
    placeholder: 'N',
    minimum: 1,
    description: 'rows a step',
    defaultText: 'about 256',
    group: 'Training',
  },
  learningRate: {
    type: 'number',
    placeholder: 'X|auto',
    minimum: 0,
    keyword: 'auto',
    description: 'learning rate; auto finds one by a range test',
    defaultText: "the family's own",
    group: 'Training',
  },
  optimizer: {
    type: 'string',
    choices: OPTIMIZER_NAMES,
    placeholder: 'NAME',
    description: 'rule of gradient descent',
    defaultText: 'adam',
    group: 'Training',
  },
  momentum: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    maximum: 0.9999,
    description: 'for momentum and nesterov',
    defaultText: '0.9',
    group: 'Training',
    advanced: true,
  },
  schedule: {
    type: 'string',
    choices: SCHEDULE_NAMES,
    placeholder: 'NAME',
    description: 'how the learning rate changes',
    defaultText: "the family's own",
    group: 'Training',
  },
  warmup: {
    type: 'integer',
    placeholder: 'STEPS',
    minimum: 0,
    description: 'steps over which the learning rate rises from zero',
    defaultText: '0',
    group: 'Training',
  },
  loss: {
    type: 'string',
    choices: LOSS_NAMES,
    placeholder: 'NAME',
    description: 'what is made small',
    defaultText: 'cross_entropy; for numbers mse',
    group: 'Training',
  },
  labelSmoothing: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    maximum: 0.9,
    description: 'part of the probability that is spread evenly over all classes',
    defaultText: '0.1 (mlp)',
    group: 'Training',
  },
  classWeights: {
    type: 'string',
    choices: ['none', 'balanced'],
    placeholder: 'HOW',
    description: 'balanced: rare classes count as much as frequent ones',
    defaultText: 'none',
    group: 'Training',
  },
  weightDecay: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    description: 'decay of the weights, times the learning rate, a step',
    defaultText: '0.02 (mlp)',
    group: 'Training',
  },
  clipNorm: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    description: 'longest gradient, over all weights',
    defaultText: 'no limit',
    group: 'Training',
  },
  clipWeightNorm: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    description: 'longest gradient by a single weight tensor',
    defaultText: 'no limit',
    group: 'Training',
    advanced: true,
  },
  clipValue: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    description: 'largest value in a gradient',
    defaultText: 'no limit',
    group: 'Training',
  },
  ema: {
    type: 'number',
    placeholder: 'X',
    minimum: 0,
    maximum: 0.999999,
    description: 'answer with a running average of the weights that keeps this part of itself every step',
    defaultText: 'the weights themselves',
    group: 'Training',
  },
  patience: {
    type: 'integer',
    placeholder: 'EPOCHS',
    minimum: 1,
    description: 'stop after so many epochs without improvement',
    defaultText: 'never; the best weights are kept anyway',
    group: 'Training',
  },
} as const satisfies Options;

/** What computes; `optimize` takes them too. */
export const ENGINE_OPTIONS = {
  engine: {
    type: 'string',
    form: ENGINE,
    placeholder: 'NAME',
    description: 'what computes: auto, or one that `aimaas engines` lists',
    defaultText: 'auto',
    group: 'Machine',
  },
  device: {
    type: 'string',
    choices: ['cpu', 'webgpu', 'cuda'],
    placeholder: 'NAME',
    description: 'where the engine computes',
    defaultText: 'cpu; cuda for TensorFlow with a GPU',
    group: 'Machine',
  },
} as const satisfies Options;
