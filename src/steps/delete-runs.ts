import { AimaasError } from '../core/errors.js';
import type { RunContent } from '../core/artifacts.js';
import type { StepContext } from '../core/step.js';
import { ModelRegistry } from '../workspace/registry.js';
import { removeArtifact } from '../workspace/remove.js';
import { Workspace } from '../workspace/workspace.js';
import { remember } from './audit.js';
import { needsOfModels } from './needs.js';

export interface DeleteRunsOptions {
  /** Ids or unambiguous prefixes. */
  readonly runs: readonly string[];
  /** Delete runs that exported models were made of, too. */
  readonly force?: boolean | undefined;
}

export type DeleteRunsResult = { readonly schemaVersion: 1; readonly deleted: readonly string[] };

/**
 * Deletes runs, all of them or, when one may not be deleted, none.
 * @throws AimaasError ARTIFACT_NOT_FOUND for an unknown run; ARTIFACT_IN_USE for one that a model was exported from.
 */
export async function deleteRuns(
  options: DeleteRunsOptions,
  context: StepContext,
): Promise<DeleteRunsResult> {
  const workspace = new Workspace(context.workspace);
  const ids = new Set<string>();
  for (const wanted of options.runs) ids.add((await workspace.find<RunContent>('run', wanted)).id);
  if (options.force !== true) {
    const needs = await needsOfModels(workspace, await new ModelRegistry(workspace).list());
    const blocked = [...ids].filter((id) => needs.of('run', id).length > 0);
    if (blocked.length > 0) {
      const why = blocked.map((id) => `run ${id} is what ${needs.of('run', id).join(' and ')} was made of`);
      throw new AimaasError('ARTIFACT_IN_USE', `Nothing was deleted: ${why.join('; ')}.`, {
        hint: 'Delete the model version first (aimaas models delete), or add --force: the model itself stays usable.',
        details: { runs: blocked },
      });
    }
  }
  for (const id of ids) {
    await removeArtifact(workspace, 'run', id);
    await remember(context, { action: 'runs.delete', target: id });
  }
  return { schemaVersion: 1, deleted: [...ids] };
}
