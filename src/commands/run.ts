import { relative } from 'node:path';
import { defineCommand, type Settings } from '../cli/command.js';
import { formatDuration } from '../cli/format.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject } from '../core/json.js';
import { shellWord } from '../core/shell.js';
import type { RunPipelineResult } from '../steps/run.js';

const MARKS = { done: '✔', 'up to date': '•', 'would be done': '→', failed: '✖' } as const;

/** The result with the command to run next; null where the pipeline went to its end, or failed. */
type RunResult = RunPipelineResult & { readonly next: string | null };

type RunOptions = {
  readonly target?: string | undefined;
  readonly until?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly force?: boolean | undefined;
};

/** After a dry run that found something to do the command itself; after --until what is left of it, as the rest is remembered. */
function nextCommand(result: RunPipelineResult, args: readonly string[], options: RunOptions): string | null {
  const { dryRun, failure, model, steps } = result;
  if (failure !== null || model !== null) return null;
  if (dryRun && steps.every(({ outcome }) => outcome === 'up to date')) return null;
  const done = new Set<string>(dryRun ? [] : steps.map(({ step }) => step));
  const set = (options.set ?? []).filter((text) => !done.has(/^\s*(\w+)/.exec(text)?.[1] ?? ''));
  const words = [
    ...(dryRun ? args : []),
    ...(dryRun && options.target !== undefined ? ['--target', options.target] : []),
    ...(dryRun && options.until !== undefined ? ['--until', options.until] : []),
    ...set.flatMap((text) => ['--set', text]),
    ...(dryRun && options.force === true ? ['--force'] : []),
  ];
  return ['aimaas run', ...words.map(shellWord)].join(' ');
}

/** Whether the error is that no target was named, with a hint for `preprocess` alone. */
function withoutTarget(error: unknown): error is AimaasError {
  return error instanceof AimaasError && isJsonObject(error.details) && error.details['target'] === null;
}

function targetMissing({ message, details }: AimaasError, args: readonly string[]): AimaasError {
  return new AimaasError('TARGET', message, {
    hint: `${['aimaas run', ...args.map(shellWord)].join(' ')} --target COLUMN`,
    details,
  });
}

export default defineCommand({
  name: 'run',
  summary: 'Do every step that is missing or out of date, up to an exported model',
  description: `Collects, preprocesses, trains, evaluates and exports; each only if it is missing or something that goes into it changed, and says which. What each step is done with comes from aimaas.yaml, the environment and --set; a step that none of them speaks of is done as it was last done. With sources on the command line nothing of that is remembered: they may be other data, so every step then has its settings from aimaas.yaml, the environment and --set only.

A threshold of evaluate that is not met (evaluate.fail_under) stops before the export, with exit code 5.`,
  examples: [
    { command: 'aimaas run data.csv --target price', does: 'from a file to an exported model' },
    { command: 'aimaas run', does: 'bring everything up to date, as aimaas.yaml says' },
    { command: 'aimaas run --dry-run', does: 'only say what would be done, and why' },
    {
      command: 'aimaas run --until train --set train.epochs=50',
      does: 'stop after training, with another number of epochs',
    },
  ],
  arguments: [
    {
      name: 'SOURCE',
      description: 'Files, globs, addresses, or - for stdin; default: those of aimaas.yaml',
      variadic: true,
    },
  ],
  options: {
    target: { type: 'string', placeholder: 'COL', description: 'Column to predict', commandLineOnly: true },
    until: {
      type: 'string',
      choices: ['collect', 'preprocess', 'train', 'evaluate', 'export'],
      placeholder: 'STEP',
      description: 'Last step to do',
      defaultText: 'export',
      commandLineOnly: true,
    },
    set: {
      type: 'string',
      placeholder: 'STEP.SETTING=VALUE',
      repeatable: true,
      description: 'A setting of a step for this time, as in aimaas.yaml',
      commandLineOnly: true,
    },
    force: { type: 'boolean', description: 'Do every step again', commandLineOnly: true },
    dryRun: { type: 'boolean', description: 'Only say what would be done, and why', commandLineOnly: true },
  },
  async run(args, options, context): Promise<RunResult> {
    const { parseOverrides, pipelineStages, requireSource } = await import('./stages.js');
    const { runPipeline } = await import('../steps/run.js');
    const overrides = await parseOverrides(options.set ?? []);
    const collect: Settings = {
      args,
      options: {
        ...overrides['collect']?.options,
        ...(options.target === undefined ? {} : { target: options.target }),
      },
    };
    const { force = false, until, dryRun } = options;
    // Other data: how the steps were done for what was there before says nothing.
    const asLastDone = args.length === 0;
    const stages = await pipelineStages(context, { overrides: { ...overrides, collect }, asLastDone, force });
    if (dryRun === true) requireSource(stages);
    const result = await runPipeline({ stages, until, dryRun, force }, context).catch((error: unknown) => {
      throw withoutTarget(error) ? targetMissing(error, args) : error;
    });
    return { ...result, next: nextCommand(result, args, options) };
  },
  render({ steps, model, dryRun, next }, style) {
    const width = Math.max(...steps.map(({ step }) => step.length));
    const lines = steps.map(({ step, outcome, reason, seconds }) => {
      const mark = outcome === 'failed' ? style.red(MARKS[outcome]) : style.green(MARKS[outcome]);
      const time = outcome === 'done' ? `  ${style.dim(formatDuration(seconds))}` : '';
      const text = outcome === 'up to date' ? `up to date: ${reason}` : reason;
      return `${mark} ${style.bold(step.padEnd(width))}  ${text}${time}`;
    });
    if (model !== null) {
      const folder = relative(process.cwd(), model.folder);
      lines.push('', `Model ${style.bold(`${model.name}/${model.version}`)} is in ${folder}`);
      lines.push('', 'Next:');
      lines.push(
        `  ${style.bold(`aimaas predict ${model.name} new.csv`)}   ${style.dim('# predictions for a file')}`,
      );
      lines.push(
        `  ${style.bold(`aimaas serve ${model.name}`)}             ${style.dim('# predictions over HTTP')}`,
      );
    } else if (next !== null) {
      lines.push('', `Next: ${style.bold(next)}${dryRun ? '' : ` ${style.dim('# the steps after this')}`}`);
    }
    return lines.join('\n');
  },
  quiet: ({ model, steps }) =>
    model === null ? (steps.at(-1)?.step ?? '') : `${model.name}/${model.version}`,
  verdict: ({ failure }) => failure ?? undefined,
});
