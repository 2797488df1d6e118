import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

type DenseArguments = Parameters<typeof tfl.layers.dense>[0];

/** How a weight may be described, as for tfjs' own layers: by name, by object, or as in a stored model. */
export interface WeightArguments {
  readonly initializer?: DenseArguments['kernelInitializer'] | undefined;
  readonly regularizer?: DenseArguments['kernelRegularizer'] | undefined;
  readonly constraint?: DenseArguments['kernelConstraint'] | undefined;
}

type Activation = { apply(x: tf.Tensor): tf.Tensor };
type Initializer = ReturnType<typeof tfl.initializers.zeros>;
type Regularizer = ReturnType<typeof tfl.regularizers.l1l2>;
type Constraint = ReturnType<typeof tfl.constraints.maxNorm>;

export interface WeightRules {
  readonly initializer: Initializer;
  readonly regularizer: Regularizer;
  readonly constraint: Constraint;
}

interface DenseParts {
  readonly kernelInitializer: Initializer;
  readonly kernelRegularizer: Regularizer;
  readonly kernelConstraint: Constraint;
  readonly activation: Activation;
}

/** tfjs keeps the functions that read identifiers to itself; a dense layer reads all of them. */
function dense(given: Partial<DenseArguments>): tfl.layers.Layer & DenseParts {
  const entries: [string, unknown][] = Object.entries(given);
  const known = Object.fromEntries(entries.filter(([, value]) => value !== null && value !== undefined));
  return tfl.layers.dense({ units: 1, ...known }) as unknown as tfl.layers.Layer & DenseParts;
}

/** What a weight is made, penalised and bounded by. */
export function weightRules({ initializer, regularizer, constraint }: WeightArguments): WeightRules {
  const layer = dense({
    kernelInitializer: initializer,
    kernelRegularizer: regularizer,
    kernelConstraint: constraint,
  } as Partial<DenseArguments>);
  return {
    initializer: layer.kernelInitializer,
    regularizer: layer.kernelRegularizer,
    constraint: layer.kernelConstraint,
  };
}

/** The same as plain data, for getConfig(). */
export function serializedRules({ initializer, regularizer, constraint }: WeightArguments): {
  readonly initializer: tf.serialization.ConfigDictValue;
  readonly regularizer: tf.serialization.ConfigDictValue;
  readonly constraint: tf.serialization.ConfigDictValue;
} {
  const config = dense({
    kernelInitializer: initializer,
    kernelRegularizer: regularizer,
    kernelConstraint: constraint,
  } as Partial<DenseArguments>).getConfig();
  return {
    initializer: config['kernelInitializer'] ?? null,
    regularizer: config['kernelRegularizer'] ?? null,
    constraint: config['kernelConstraint'] ?? null,
  };
}

/** The function of an activation's name; `undefined` and "linear" leave things as they are. */
export function activationNamed(name: string | undefined): (x: tf.Tensor) => tf.Tensor {
  const { activation } = dense({ activation: name } as Partial<DenseArguments>);
  return (x) => activation.apply(x);
}
