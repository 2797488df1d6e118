import { defineCommand } from '../cli/command.js';
import { AimaasError } from '../core/errors.js';
import type { Json, JsonObject } from '../core/json.js';
import type { TrainResult } from '../steps/train/train.js';
import { COURSE_OPTIONS, ENGINE_OPTIONS, FEATURES_OPTION, MODEL_OPTIONS } from './training-options.js';

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
      command: 'aimaas train --model ./my-model.js --param units=64',
      does: 'a tf.layers model of your own (docs/models.md)',
    },
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
    ...FEATURES_OPTION,
    ...MODEL_OPTIONS,
    ...COURSE_OPTIONS,
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
      description: 'start from the weights of a run, with its network unless another is asked for',
      commandLineOnly: true,
    },
    ...ENGINE_OPTIONS,
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
    const { train } = await import('../steps/train/train.js');
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
