import type { CommandContext, OptionValue, Settings } from '../cli/command.js';
import { sectionOf, settingOf } from '../cli/names.js';
import type { AnyCommand } from '../cli/registry.js';
import { splitList, valueFrom } from '../cli/values.js';
import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import {
  PIPELINE,
  type PipelineStep,
  readRecords,
  recordStep,
  type StepRecord,
} from '../steps/pipeline-record.js';
import type { Stage } from '../steps/run.js';
import { settingsAsJson } from '../steps/status.js';

/** Options a step is given for one run of the pipeline, over environment and aimaas.yaml. */
type Overrides = Readonly<Record<string, Settings>>;

async function pipelineCommands(): Promise<ReadonlyMap<PipelineStep, AnyCommand>> {
  const { COMMANDS } = await import('./index.js');
  const found = new Map<PipelineStep, AnyCommand>();
  for (const step of PIPELINE) {
    const entry = COMMANDS.find(({ name }) => name === step);
    if (entry !== undefined) found.set(step, await entry.load());
  }
  return found;
}

/**
 * What a step is to be done with: what this invocation says, over environment and aimaas.yaml; where none of them says
 * anything, as it was last done.
 */
function settingsFor(
  command: AnyCommand,
  context: CommandContext,
  override: Settings | undefined,
  record: StepRecord | undefined,
): Settings {
  const laidDown = context.settingsOf(command);
  const args = override?.args ?? [];
  const settings: Settings = {
    args: args.length > 0 ? args : laidDown.args,
    options: { ...laidDown.options, ...override?.options },
  };
  const isSilent = settings.args.length === 0 && Object.keys(settings.options).length === 0;
  if (record === undefined) return settings;
  if (isSilent) return { args: record.args, options: record.options as Settings['options'] };
  return settings.args.length > 0 ? settings : { ...settings, args: record.args };
}

export interface StageRequest {
  readonly overrides: Overrides;
  /** Whether steps that nothing is said of are done as they were last done. */
  readonly asLastDone: boolean;
  readonly force: boolean;
}

/** The steps of the pipeline as their commands do them, with the settings of this project. */
export async function pipelineStages(context: CommandContext, request: StageRequest): Promise<Stage[]> {
  const records = request.asLastDone ? await readRecords(context) : {};
  const stages: Stage[] = [];
  for (const [step, command] of await pipelineCommands()) {
    const settings = settingsFor(command, context, request.overrides[step], records[step]);
    const options = request.force ? { ...settings.options, force: true } : settings.options;
    stages.push({
      step,
      settings: settingsAsJson(settings),
      async execute(stepContext) {
        if (step === 'collect') requireSources(settings.args);
        const result = await command.run(settings.args, options, { ...context, ...stepContext });
        if (result === null) return { result };
        await recordStep(context, step, settingsAsJson(settings));
        const verdict = command.verdict?.(result);
        return verdict === undefined || verdict.exitCode === 0 ? { result } : { result, failure: verdict };
      },
    });
  }
  return stages;
}

/** @throws AimaasError USAGE where the first stage has nothing to collect. */
export function requireSource(stages: readonly Stage[]): void {
  requireSources(stages.find(({ step }) => step === 'collect')?.settings?.args ?? []);
}

function requireSources(args: readonly string[]): void {
  if (args.length > 0) return;
  throw new AimaasError(
    'USAGE',
    'There is nothing to collect: no source was named, here or in aimaas.yaml.',
    {
      hint: 'aimaas run data.csv --target COLUMN, or write an aimaas.yaml with: aimaas init',
    },
  );
}

/** Reads "train.epochs=5" texts into options of the steps they name. */
export async function parseOverrides(texts: readonly string[]): Promise<Record<string, Settings>> {
  const commands = await pipelineCommands();
  const overrides: Record<string, { args: readonly string[]; options: Record<string, OptionValue> }> = {};
  for (const text of texts) {
    const [, section = '', setting = '', value = ''] = /^\s*(\w+)\.([\w-]+)\s*=(.*)$/su.exec(text) ?? [];
    const command = [...commands.values()].find(({ name }) => sectionOf(name) === section);
    if (command === undefined) {
      throw new AimaasError('USAGE', `--set ${text} cannot be read: expected STEP.SETTING=VALUE.`, {
        hint: `For example: --set train.epochs=5. The steps are: ${PIPELINE.join(', ')}.`,
      });
    }
    const [key, spec] =
      Object.entries(command.options).find(([name]) => settingOf(name) === setting.replaceAll('-', '_')) ??
      [];
    if (key === undefined || spec === undefined) {
      const known = Object.keys(command.options).map(settingOf);
      throw new AimaasError(
        'USAGE',
        `${section} has no setting "${setting}". ${didYouMean(setting, known)}`,
        {
          hint: `aimaas help ${section}`,
        },
      );
    }
    const target = (overrides[command.name] ??= { args: [], options: {} });
    const name = `--set ${section}.${setting}`;
    const before = target.options[key];
    target.options[key] =
      spec.repeatable === true
        ? [
            ...(Array.isArray(before) ? (before as readonly string[]) : []),
            ...splitList(spec, value).map((part) => valueFrom(spec, part, name)),
          ]
        : valueFrom(spec, value, name);
  }
  return overrides;
}
