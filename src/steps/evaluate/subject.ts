import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeaturesContent, RunContent, SplitName } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import type { EpochRecord } from '../../report/index.js';
import type { CheckedFiles } from '../../workspace/bundle-files.js';
import { idOf, sha256, sha256OfFile } from '../../workspace/hash.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { type ResolvedModel, resolveModel } from '../resolve-model.js';

/** Raised whenever the same inputs would give other numbers. */
const STEP_VERSION = 2;

/** What is to be evaluated, found before anything heavy is loaded. */
export interface Subject {
  readonly model: ResolvedModel;
  readonly run: Manifest<RunContent> | undefined;
  readonly features: Manifest<FeaturesContent> | undefined;
  readonly on:
    { readonly split: SplitName } | { readonly location: string; readonly sha256: string | undefined };
  readonly warnings: readonly string[];
}

/** What was asked to be evaluated. */
export interface SubjectOptions {
  readonly run?: string | undefined;
  readonly data?: string | undefined;
}

/**
 * The model and the rows to judge it on.
 * @throws AimaasError ARTIFACT_NOT_FOUND when there is no such model or its test rows are gone, TOO_FEW_ROWS when it has
 * no rows that it did not learn from.
 */
export async function findSubject(
  workspace: Workspace,
  options: SubjectOptions,
  context: StepContext,
): Promise<Subject> {
  const wanted = options.run ?? (await workspace.find<RunContent>('run')).id;
  const model = await resolveModel(context, wanted);
  const run = model.run === null ? undefined : await workspace.read<RunContent>('run', model.run);
  const features =
    run === undefined ? undefined : await workspace.read<FeaturesContent>('features', run.content.features);
  if (options.data !== undefined) {
    const isFile = await stat(options.data).then(
      (found) => found.isFile(),
      () => false,
    );
    const sha256 = isFile ? await sha256OfFile(options.data) : undefined;
    return { model, run, features, on: { location: options.data, sha256 }, warnings: [] };
  }
  return { model, run, features, ...splitFor(model, run, features) };
}

/** The test split; without one, the validation split with a warning that says what that means. */
function splitFor(
  model: ResolvedModel,
  run: Manifest<RunContent> | undefined,
  features: Manifest<FeaturesContent> | undefined,
): Pick<Subject, 'on' | 'warnings'> {
  if (features === undefined) {
    const what =
      run === undefined ? `the run that ${model.name} was made from` : `feature set ${run.content.features}`;
    throw new AimaasError('ARTIFACT_NOT_FOUND', `There are no test rows: ${what} is not in this workspace.`, {
      hint: 'Name data that has the target: aimaas evaluate --data FILE',
    });
  }
  const { test, validation } = features.content.splits;
  if (test.rows > 0) return { on: { split: 'test' }, warnings: [] };
  if (validation.rows === 0) {
    throw new AimaasError(
      'TOO_FEW_ROWS',
      `Feature set ${features.id} has neither test nor validation rows; evaluate needs rows that were not learned from.`,
      { hint: 'aimaas preprocess --split 0.7,0.15,0.15, or: aimaas evaluate --folds 5, or --data FILE' },
    );
  }
  const members = Number(run?.content.options['members'] ?? 1);
  const learned =
    members > 1
      ? `and of the ${members} networks of this run all but a few learned from them: the numbers are too good`
      : 'and the epoch was chosen on them: expect somewhat worse on new data';
  return {
    on: { split: 'validation' },
    warnings: [
      `There is no test split, so these are validation rows, ${learned}. For honest numbers use aimaas evaluate --folds 5, or aimaas preprocess --split 0.7,0.15,0.15 and train again.`,
    ],
  };
}

/** What the numbers depend on; undefined where the data cannot be told from other data without reading them. */
export async function keyOf(
  { on, features }: Subject,
  files: CheckedFiles,
  seed: number,
): Promise<JsonObject | undefined> {
  if (!('split' in on) && on.sha256 === undefined) return undefined;
  return {
    step: 'evaluate',
    version: STEP_VERSION,
    network: sha256(await files.read('network.onnx')),
    predictor: sha256(await files.read('predictor.json')),
    on: 'split' in on ? { features: features?.id ?? null, split: on.split } : { sha256: on.sha256 ?? null },
    seed: seed,
  };
}

/** In the run's folder; for a model from elsewhere, in the workspace. */
export function folderFor(workspace: Workspace, subject: Subject, key: JsonObject | undefined): string {
  const { on, model, run } = subject;
  const name =
    'split' in on ? on.split : on.sha256 === undefined ? idOf(on.location) : on.sha256.slice(0, 12);
  if (run !== undefined && model.version === null) return join(model.folder, 'evaluation', name);
  return workspace.path('evaluations', idOf({ folder: model.folder, key: key ?? name }));
}

/** "run 3fa2b1c0d9e8" or "model penguins/3". */
export function nameOf({ model, run }: Subject): string {
  if (model.version !== null) return `model ${model.name}/${model.version}`;
  return run === undefined ? model.name : `run ${run.id}`;
}

/** "the test split of penguins" or "new.csv". */
export function whereOf({ on, features }: Subject): string {
  if (!('split' in on)) return on.location === '-' ? 'standard input' : on.location;
  return `the ${on.split} split of ${features?.content.dataName ?? 'the data'}`;
}

/** metrics.jsonl of a run; lines that are not what train writes are passed over. */
export async function historyOf(folder: string): Promise<EpochRecord[]> {
  const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8').catch(() => '');
  const number = (value: Json | undefined) => (typeof value === 'number' ? value : undefined);
  return text.split('\n').flatMap((line) => {
    try {
      const json = JSON.parse(line) as Json;
      const epoch = isJsonObject(json) ? number(json['epoch']) : undefined;
      if (!isJsonObject(json) || epoch === undefined) return [];
      return [{ epoch, loss: number(json['loss']), validationLoss: number(json['validationLoss']) }];
    } catch {
      return [];
    }
  });
}
