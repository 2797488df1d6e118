import type { DataContent, FeaturesContent, RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import type { PreprocessPlan } from '../preprocess/plan.js';
import { resolveModel } from '../resolve-model.js';

/** How a run was made, to be done again for every fold. */
export interface Pipeline {
  readonly run: Manifest<RunContent>;
  readonly runFolder: string;
  readonly features: Manifest<FeaturesContent>;
  readonly data: Manifest<DataContent>;
  /** How the run's features were made, without the rows of its test split being held out. */
  readonly plan: PreprocessPlan;
}

/** The run of that id, or the one that an exported model was made of. */
async function runNamed(workspace: Workspace, wanted: string | undefined): Promise<Manifest<RunContent>> {
  try {
    return await workspace.find<RunContent>('run', wanted);
  } catch (error) {
    const isUnknown = error instanceof AimaasError && error.code === 'ARTIFACT_NOT_FOUND';
    if (wanted === undefined || !isUnknown) throw error;
    const model = await resolveModel({ workspace: workspace.root }, wanted);
    return workspace.find<RunContent>('run', model.run ?? wanted);
  }
}

/** @throws AimaasError UNSUPPORTED where the validation rows are other data. */
export async function pipelineOf(workspace: Workspace, wanted: string | undefined): Promise<Pipeline> {
  const run = await runNamed(workspace, wanted);
  const features = await workspace.find<FeaturesContent>('features', run.content.features);
  const data = await workspace.find<DataContent>('data', features.content.data);
  const plan = features.key['plan'] as unknown as PreprocessPlan;
  const [trainShare, validationShare] = plan.split.fractions;
  const learned = trainShare + validationShare;
  const given = plan.split.given.filter((split) => split === 'validation');
  if (given.length > 0) {
    throw new AimaasError(
      'UNSUPPORTED',
      '--folds cannot be used here: the validation rows of this feature set were given as other data.',
      { hint: 'Leave --folds out to evaluate on the test split: aimaas evaluate' },
    );
  }
  return {
    run,
    runFolder: workspace.folder('run', run.id),
    features,
    data,
    plan: {
      ...plan,
      split: {
        ...plan.split,
        fractions: [trainShare / learned, validationShare / learned, 0],
        given: ['test'],
      },
    },
  };
}
