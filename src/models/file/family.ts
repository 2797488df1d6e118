import { Random } from '../../core/random.js';
import type { JsonObject } from '../../core/json.js';
import type * as tfl from '@tensorflow/tfjs-layers';
import { withBackend } from '../../graph/trace/tensorflow.js';
import * as ownLayers from '../../layers/index.js';
import type { ModelContext, ModelFamily, Recipe } from '../family.js';
import type { Network } from '../scope.js';
import { checkModel } from './checks.js';
import { compiledLoss, compiledOptimizer } from './compiled.js';
import type { ModelDefinition } from './definition.js';
import { headOf } from './head.js';
import { layersNetwork, takeValues } from './network.js';
import { withSeededRandom } from './seeded.js';
import { modelFileTf } from './tfjs.js';

/** Optimizer steps of a model of which nothing is known. */
const USUAL_STEPS = 2000;

/** A model file as a family: trained, searched and exported like those of aimaas itself. */
export function fileFamily(definition: ModelDefinition): ModelFamily {
  return {
    name: definition.name,
    summary: 'a model of your own',
    parameters: definition.parameters,
    extrapolates: true,
    // Layers may be of any kind.
    mixesRows: () => true,
    resolve: (given) => ({ ...defaultsOf(definition), ...given }),
    recipe: async (params, context) => {
      const model = await build(definition, params, context, 0);
      try {
        return recipeOf(definition.name, model, context);
      } finally {
        model.dispose();
      }
    },
    network: (params, context, { members, seed }) => network(definition, params, context, members, seed),
  };
}

function defaultsOf({ parameters }: ModelDefinition): JsonObject {
  return Object.fromEntries(Object.entries(parameters).map(([name, spec]) => [name, spec.default]));
}

/** Makes the model, its first weights and all that is random in it decided by the seed. */
async function build(
  definition: ModelDefinition,
  params: JsonObject,
  context: ModelContext,
  seed: number,
): Promise<tfl.LayersModel> {
  const made = await withSeededRandom(seed, 'model file', () =>
    definition.build({
      tf: modelFileTf,
      layers: ownLayers,
      inputShape: [context.layout.length],
      outputUnits: context.outputs,
      outputActivation: context.task === 'regression' ? 'linear' : 'softmax',
      task: context.task,
      columns: context.layout,
      params,
      seed,
    }),
  );
  return checkModel(definition.name, made, context);
}

async function network(
  definition: ModelDefinition,
  params: JsonObject,
  context: ModelContext,
  members: number,
  seed: number,
): Promise<Network> {
  const initial: Float32Array[][] = [];
  for (let member = 0; member < members; member++) {
    const own = Random.of(seed, `member ${member}`).nextUint32();
    const model = await build(definition, params, context, own);
    initial.push(withBackend('cpu', () => takeValues(definition.name, model)));
  }
  const model = await build(definition, params, context, seed);
  return layersNetwork(definition.name, model, initial, headOf(model, context.task));
}

function recipeOf(file: string, model: tfl.LayersModel, context: ModelContext): Recipe {
  const { rows } = context;
  const batchSize = rows <= 10_000 ? 32 : rows <= 100_000 ? 128 : 512;
  const epochs = Math.max(
    5,
    Math.min(200, Math.ceil(USUAL_STEPS / Math.max(1, Math.ceil(rows / batchSize)))),
  );
  const compiled = compiledOptimizer(file, model);
  const loss = compiledLoss(file, model, context, headOf(model, context.task));
  return {
    optimizer: compiled?.optimizer ?? 'adam',
    learningRate: compiled?.learningRate ?? 1e-3,
    adjusted: compiled?.adjusted ?? {},
    schedule: 'constant',
    weightDecay: 0,
    fadeFrom: 1,
    l2: 0,
    labelSmoothing: 0,
    epochs,
    batchSize,
    members: 1,
    evaluations: 64,
    ...(loss === undefined ? {} : { loss }),
  };
}
