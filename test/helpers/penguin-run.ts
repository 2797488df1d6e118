import type { RunContent } from '../../src/core/artifacts.js';
import { silentReporter } from '../../src/core/reporter.js';
import { idOf } from '../../src/workspace/hash.js';
import { Workspace } from '../../src/workspace/workspace.js';
import { penguinTarget, writePenguinModel } from './penguins.js';

/**
 * Puts a run into a workspace that answers for penguins (see writePenguinModel) as if it had been trained, and makes it
 * the current one. @returns its id.
 */
export async function publishPenguinRun(
  workspace: string,
  task: 'multiclass' | 'binary' | 'regression' = 'multiclass',
  seed = 1,
): Promise<string> {
  const id = idOf({ task, seed });
  await new Workspace(workspace).publish<RunContent>({
    kind: 'run',
    id,
    key: { task, seed },
    reporter: silentReporter,
    async write(folder) {
      await writePenguinModel(folder, task, seed);
      return {
        state: 'complete',
        features: 'f'.repeat(12),
        data: 'd'.repeat(12),
        dataName: 'penguins',
        task,
        target: penguinTarget(task),
        model: { family: 'mlp', params: {} },
        options: {},
        engine: {},
        epochs: 1,
        bestEpoch: 1,
        parameters: 1,
        seconds: 1,
        validation: {},
        baseline: {},
        from: null,
        search: null,
      };
    },
  });
  return id;
}
