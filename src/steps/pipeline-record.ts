import { readFile } from 'node:fs/promises';
import { isJsonObject, type Json, type JsonObject } from '../core/json.js';
import { writeJsonAtomic } from '../workspace/atomic.js';
import type { StepContext } from '../core/step.js';
import { Workspace } from '../workspace/workspace.js';

/** The steps from data to an exported model, in order. */
export const PIPELINE = ['collect', 'preprocess', 'train', 'evaluate', 'export'] as const;
export type PipelineStep = (typeof PIPELINE)[number];

export function isPipelineStep(name: string): name is PipelineStep {
  return (PIPELINE as readonly string[]).includes(name);
}

/** The arguments and options a step is done with. */
export type StepSettings = { readonly args: readonly string[]; readonly options: JsonObject };

/** How a step was last done, and what it made: a data set, feature set or run id (for evaluate and export: the run). */
export type StepRecord = StepSettings & { readonly made: string };

const FILE = 'pipeline.json';

type RecordFile = { readonly schemaVersion: 1; readonly steps: { readonly [step: string]: StepRecord } };

/** How each step was last done; empty when none was, or when the file cannot be read: it only explains, decides nothing. */
export async function readRecords(context: Pick<StepContext, 'workspace'>): Promise<RecordFile['steps']> {
  const workspace = new Workspace(context.workspace);
  const text = await readFile(workspace.path(FILE), 'utf8').catch(() => '{}');
  try {
    const file = JSON.parse(text) as Json;
    if (isJsonObject(file) && isJsonObject(file['steps'])) return file['steps'] as RecordFile['steps'];
  } catch {
    // Damaged by hand: as if nothing had been recorded.
  }
  return {};
}

/** Keeps how a step was done, for `status` and for `run` to do it so again. */
export async function recordStep(
  context: Pick<StepContext, 'workspace'>,
  step: PipelineStep,
  settings: StepSettings,
): Promise<void> {
  const workspace = new Workspace(context.workspace);
  const kind = step === 'collect' ? 'data' : step === 'preprocess' ? 'features' : 'run';
  const made = await workspace.current(kind);
  if (made === undefined) return;
  const steps = {
    ...(await readRecords(context)),
    [step]: { args: settings.args, options: settings.options, made },
  };
  await writeJsonAtomic(workspace.path(FILE), { schemaVersion: 1, steps } satisfies RecordFile);
}
