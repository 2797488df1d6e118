import type * as tfl from '@tensorflow/tfjs-layers';
import type { Json, JsonObject } from '../../core/json.js';
import type { FeatureLayout } from '../../core/layout.js';
import type { TaskKind } from '../../core/task-kind.js';
import type * as ownLayers from '../../layers/index.js';
import type { ParameterSpec } from '../family.js';
import type { ModelFileTf } from './tfjs.js';

/** What the function of a model file is called with. */
export interface ModelArguments {
  /** tfjs (tfjs-core and tfjs-layers), as it must be used in the file. */
  readonly tf: ModelFileTf;
  /** Layers that tfjs does not have; also `import … from 'aimaas/layers'`. */
  readonly layers: typeof ownLayers;
  /** Shape of one row: [number of features]. */
  readonly inputShape: [number];
  /** Units of the last layer: the number of classes, or 1. */
  readonly outputUnits: number;
  /** Activation of the last layer: softmax, or linear for a number. */
  readonly outputActivation: 'softmax' | 'linear';
  readonly task: TaskKind;
  /** What each column of the input is. */
  readonly columns: FeatureLayout;
  /** The parameters that the file declares, with the values of --param and of a search. */
  readonly params: JsonObject;
  /** Of all that is random; Math.random() draws from it too while the function runs. */
  readonly seed: number;
}

export type ParameterDefault = { readonly default: Json };

/** A model of the user's own: its tunable parameters, and how it is made. */
export interface ModelDefinition {
  /** Name of the file. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterSpec & ParameterDefault>>;
  build(given: ModelArguments): Promise<tfl.LayersModel>;
}
