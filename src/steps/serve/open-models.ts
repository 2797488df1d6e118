import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import type { ServedModel } from '../../server/served-model.js';
import { ModelRegistry } from '../../workspace/registry.js';
import { Workspace } from '../../workspace/workspace.js';
import type { PredictorOptions } from '../predictor.js';
import { resolveModel } from '../resolve-model.js';
import { openServedModel } from '../served-model.js';

/** A model that is ready to answer, and where it lies. */
export interface Opened {
  readonly folder: string;
  readonly model: ServedModel;
}

/**
 * Opens what the MODEL arguments name, the newest model if there are none; the same model named twice is opened once.
 * @throws AimaasError ARTIFACT_* when one cannot be opened, USAGE when two different ones have one name and version.
 */
export async function openModels(
  wanted: readonly string[],
  options: PredictorOptions,
  context: StepContext,
): Promise<[Opened, ...Opened[]]> {
  const [first, ...others] = wanted.length === 0 ? [undefined] : wanted;
  const opened: [Opened, ...Opened[]] = [await openModel(first, options, context)];
  for (const name of others) {
    const next = await openModel(name, options, context);
    const { name: modelName, version } = next.model;
    const twin = opened.find(({ model }) => model.name === modelName && model.version === version);
    if (twin === undefined) opened.push(next);
    else if (twin.folder === next.folder) await next.model.dispose();
    else throw sameName(modelName, version, twin.folder, next.folder);
  }
  return opened;
}

function sameName(name: string, version: number | null, one: string, other: string): AimaasError {
  const what = version === null ? name : `${name}/${version}`;
  return new AimaasError('USAGE', `${one} and ${other} are both called ${what}, so no client could choose.`, {
    hint: 'Export one under another name: aimaas export --run RUN --name NAME',
  });
}

async function openModel(
  wanted: string | undefined,
  options: PredictorOptions,
  context: StepContext,
): Promise<Opened> {
  const { folder, name, version } = await resolveModel(context, wanted);
  const labels = version === null ? [] : await labelsOf(context, folder, name, version);
  return { folder, model: await openServedModel({ folder, name, version, labels }, options) };
}

/** Aliases of the registry that point at a version; none for a bundle that lies elsewhere. */
async function labelsOf(
  { workspace }: StepContext,
  folder: string,
  name: string,
  version: number,
): Promise<string[]> {
  const registry = new ModelRegistry(new Workspace(workspace));
  if (registry.folder(name, version) !== folder) return [];
  const aliases = Object.entries(await registry.aliases(name));
  return aliases.filter(([, target]) => target === version).map(([alias]) => alias);
}
