import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import type { TrainResult } from '../steps/train.js';

/** Metrics shown in the summary, the ones people quote first. */
const SHOWN = ['accuracy', 'balanced_accuracy', 'roc_auc', 'log_loss', 'r2', 'rmse', 'mae'];

/** "128,64" and the like as a list of numbers. */
function unitsOf(text: string): number[] {
  const units = text.split(',').map((part) => Number(part.trim()));
  if (units.every((value) => Number.isInteger(value) && value > 0)) return units;
  throw new AimaasError(
    'USAGE',
    `--layers is "${text}"; expected units of the hidden layers, such as 128,64.`,
    {
      hint: 'aimaas train --layers 128,64',
    },
  );
}

/** NAME=VALUE pairs; values are numbers or lists of numbers where they look like it. */
function pairsOf(pairs: readonly string[]): Record<string, Json> {
  const params: Record<string, Json> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new AimaasError('USAGE', `--param is "${pair}"; expected NAME=VALUE.`, {
        hint: 'aimaas train --param embeddingSize=16',
      });
    const text = pair.slice(at + 1);
    const value = text.includes(',')
      ? unitsOf(text)
      : text !== '' && !Number.isNaN(Number(text))
        ? Number(text)
        : text;
    params[pair.slice(0, at)] = value;
  }
  return params;
}

export default defineCommand({
  name: 'train',
  summary: 'Train a model on the features and keep it as a run',
  description:
    'Without options: eight small networks side by side, each validated on a part of the data it does not see, with ' +
    'settings that suit the size of the data. A run that was interrupted goes on where it stopped when the same command ' +
    'is given again, or with --resume, and ends with the same weights as if it had not been.',
  examples: [
    { command: 'aimaas train', does: 'train with defaults made from the data' },
    { command: 'aimaas train --model linear', does: 'logistic or ridge regression' },
    {
      command: 'aimaas train --layers 64,32 --dropout 0.3 --epochs 100',
      does: 'a network of your own shape',
    },
    {
      command: 'aimaas train --optimizer sgd --learning-rate auto',
      does: 'find the learning rate by a range test',
    },
    { command: 'aimaas train --resume', does: 'continue the run that was interrupted' },
    { command: 'aimaas train --from 3fa2 --epochs 50', does: 'fine-tune the weights of another run' },
  ],
  arguments: [],
  options: {
    features: {
      type: 'string',
      placeholder: 'ID',
      description: 'feature set to train on',
      defaultText: 'the current one',
      commandLineOnly: true,
    },
    model: {
      type: 'string',
      placeholder: 'FAMILY',
      description: 'model family: auto, linear or mlp',
      defaultText: 'auto',
      group: 'Model',
    },
    layers: {
      type: 'string',
      placeholder: 'N,N',
      description: 'units of the hidden layers (mlp)',
      defaultText: '128,128,128',
      group: 'Model',
    },
    activation: {
      type: 'string',
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
      placeholder: 'NAME=VALUE',
      repeatable: true,
      description: 'any other parameter of the family',
      group: 'Model',
    },
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
      choices: ['sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', 'adamw'],
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
      choices: ['constant', 'step', 'cosine', 'one_cycle', 'coslog4', 'plateau'],
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
      choices: ['cross_entropy', 'focal', 'mse', 'mae', 'huber'],
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
      description: 'probability spread over the other classes',
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
      description: 'longest gradient',
      defaultText: 'no limit',
      group: 'Training',
    },
    clipValue: {
      type: 'number',
      placeholder: 'X',
      minimum: 0,
      description: 'largest value in a gradient',
      defaultText: 'no limit',
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
    seed: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      description: 'seed of everything random',
      defaultText: "the feature set's",
      group: 'Training',
    },
    resume: {
      type: 'string',
      placeholder: 'RUN',
      bareValue: 'latest',
      description: 'continue an interrupted run',
      commandLineOnly: true,
    },
    from: {
      type: 'string',
      placeholder: 'RUN',
      description: 'start from the weights of a run',
      commandLineOnly: true,
    },
    engine: {
      type: 'string',
      placeholder: 'NAME',
      description: 'auto, onnxruntime or reference',
      defaultText: 'auto',
      group: 'Machine',
    },
    device: {
      type: 'string',
      choices: ['cpu', 'webgpu', 'cuda'],
      placeholder: 'NAME',
      description: 'where the engine computes',
      defaultText: 'cpu',
      group: 'Machine',
    },
    threads: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      description: 'threads for computing',
      defaultText: 'by size of the network',
      group: 'Machine',
    },
    memory: {
      type: 'integer',
      placeholder: 'MB',
      minimum: 16,
      description: 'most megabytes of rows to hold; more are read in turn',
      defaultText: '2048',
      group: 'Machine',
    },
    force: { type: 'boolean', description: 'train again even if the run is there', commandLineOnly: true },
  },
  async run(_args, options, context): Promise<TrainResult> {
    const { train } = await import('../steps/train.js');
    const { layers, activation, dropout, batchNorm, param, ...rest } = options;
    const params: JsonObject = {
      ...(layers === undefined ? {} : { units: unitsOf(layers) }),
      ...(activation === undefined ? {} : { activation }),
      ...(dropout === undefined ? {} : { dropout }),
      ...(batchNorm === undefined ? {} : { batchNorm: batchNorm ? 'on' : 'off' }),
      ...pairsOf(param ?? []),
    };
    return train({ ...rest, params }, context);
  },
  render(result, style) {
    const names = SHOWN.filter((name) => result.validation[name] !== undefined);
    const rows = names.map((name) => [name, format(result.validation[name]), format(result.baseline[name])]);
    const head = result.upToDate
      ? `${style.green('✔')} Run ${style.bold(result.run)} is up to date`
      : `${style.green('✔')} Run ${style.bold(result.run)} of ${result.dataName}: ${result.model.family}, ${result.parameters.toLocaleString('en')} parameters, ${result.epochs} epochs in ${result.seconds.toFixed(1)} s`;
    const table = rows.length === 0 ? [] : ['', style.table(['validation', 'model', 'baseline'], rows)];
    return [head, ...table, '', style.dim('Next: aimaas evaluate')].join('\n');
  },
  quiet: (result) => result.run,
});

function format(value: number | undefined): string | null {
  return value === undefined ? null : value.toPrecision(4);
}
