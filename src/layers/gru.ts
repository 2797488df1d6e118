import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { activationNamed, serializedRules, type WeightArguments, weightRules } from './identifiers.js';
import { dropoutOf, type Kwargs, type LayerArguments, type Shape } from './layer.js';

export interface GruCellArguments extends LayerArguments {
  readonly units: number;
  /** Default tanh. */
  readonly activation?: string;
  /** Default sigmoid. */
  readonly recurrentActivation?: string;
  /** Default true. */
  readonly useBias?: boolean;
  readonly kernelInitializer?: WeightArguments['initializer'];
  readonly recurrentInitializer?: WeightArguments['initializer'];
  readonly biasInitializer?: WeightArguments['initializer'];
  readonly kernelRegularizer?: WeightArguments['regularizer'];
  readonly recurrentRegularizer?: WeightArguments['regularizer'];
  readonly biasRegularizer?: WeightArguments['regularizer'];
  readonly kernelConstraint?: WeightArguments['constraint'];
  readonly recurrentConstraint?: WeightArguments['constraint'];
  readonly biasConstraint?: WeightArguments['constraint'];
  /** Probability of dropping a unit of the input, the same units in all steps. Default 0. */
  readonly dropout?: number;
  /** The same for the state. Default 0. */
  readonly recurrentDropout?: number;
}

export interface GruArguments extends GruCellArguments {
  readonly returnSequences?: boolean;
  readonly returnState?: boolean;
  readonly goBackwards?: boolean;
  readonly stateful?: boolean;
  readonly unroll?: boolean;
}

/** The rules of the three weights by what they are called in the arguments. */
function rulesOf(given: GruCellArguments): Record<'kernel' | 'recurrent' | 'bias', WeightArguments> {
  return {
    kernel: {
      initializer: given.kernelInitializer ?? 'glorotUniform',
      regularizer: given.kernelRegularizer,
      constraint: given.kernelConstraint,
    },
    recurrent: {
      initializer: given.recurrentInitializer ?? 'orthogonal',
      regularizer: given.recurrentRegularizer,
      constraint: given.recurrentConstraint,
    },
    bias: {
      initializer: given.biasInitializer ?? 'zeros',
      regularizer: given.biasRegularizer,
      constraint: given.biasConstraint,
    },
  };
}

/**
 * One step of a gated recurrent unit whose reset gate comes after the matrix product, as Keras and cuDNN have it:
 * z = σ(xWz + hUz + b), r = σ(xWr + hUr + b), n = tanh(xWn + bn + r·(hUn + cn)), h' = z·h + (1 − z)·n. Weights in the
 * order z, r, n; bias [2, 3·units], of the input and of the state.
 */
class GruResetAfterCell extends tfl.layers.RNNCell {
  static className = 'GRUResetAfterCell';
  /** All steps compute the same, so that a traced sequence can be a loop. */
  readonly uniformSteps = true;
  readonly stateSize: number;
  readonly dropout: number;
  readonly recurrentDropout: number;
  /** What is dropped of input and state: kept for all steps of a call, made anew for the next. */
  private masks: readonly (tf.Tensor | undefined)[] | undefined;
  private readonly given: GruCellArguments;
  private readonly activation: (x: tf.Tensor) => tf.Tensor;
  private readonly recurrentActivation: (x: tf.Tensor) => tf.Tensor;
  private kernel: tfl.LayerVariable | undefined;
  private recurrentKernel: tfl.LayerVariable | undefined;
  private bias: tfl.LayerVariable | undefined;

  constructor(given: GruCellArguments) {
    super(given);
    this.given = given;
    this.stateSize = given.units;
    this.dropout = given.dropout ?? 0;
    this.recurrentDropout = given.recurrentDropout ?? 0;
    this.activation = activationNamed(given.activation ?? 'tanh');
    this.recurrentActivation = activationNamed(given.recurrentActivation ?? 'sigmoid');
  }

  override build(inputShape: Shape): void {
    const width = inputShape.at(-1) as number;
    const { units, useBias } = this.given;
    const rules = rulesOf(this.given);
    const make = (name: string, shape: number[], of: WeightArguments): tfl.LayerVariable => {
      const { initializer, regularizer, constraint } = weightRules(of);
      return this.addWeight(name, shape, 'float32', initializer, regularizer, true, constraint);
    };
    this.kernel = make('kernel', [width, 3 * units], rules.kernel);
    this.recurrentKernel = make('recurrent_kernel', [units, 3 * units], rules.recurrent);
    if (useBias ?? true) this.bias = make('bias', [2, 3 * units], rules.bias);
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor[] {
    return tf.tidy(() => {
      const [x, h] = inputs as [tf.Tensor2D, tf.Tensor2D];
      const { units } = this.given;
      this.masks ??= [maskOf(x, this.dropout, kwargs), maskOf(h, this.recurrentDropout, kwargs)];
      const [ofInput, ofState] = this.masks;
      const fromInput = this.map(ofInput === undefined ? x : tf.mul(x, ofInput), this.kernel, 0);
      const fromState = this.map(ofState === undefined ? h : tf.mul(h, ofState), this.recurrentKernel, 1);
      const part = (of: tf.Tensor2D, index: number): tf.Tensor2D =>
        tf.slice2d(of, [0, index * units], [-1, units]);
      const gate = (index: number): tf.Tensor =>
        this.recurrentActivation(tf.add(part(fromInput, index), part(fromState, index)));
      const update = gate(0);
      const reset = gate(1);
      const candidate = this.activation(tf.add(part(fromInput, 2), tf.mul(reset, part(fromState, 2))));
      const next = tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate));
      return [next, next];
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...cellConfig(this.given) };
  }

  /** Makes the next call draw anew what is dropped. */
  forgetMasks(): void {
    for (const mask of this.masks ?? []) mask?.dispose();
    this.masks = undefined;
  }

  /** The product with a kernel and its row of the bias. */
  private map(x: tf.Tensor, kernel: tfl.LayerVariable | undefined, row: number): tf.Tensor2D {
    const product: tf.Tensor2D = tf.matMul(x, (kernel as tfl.LayerVariable).read());
    if (this.bias === undefined) return product;
    return tf.add<tf.Tensor2D>(product, tf.slice2d(this.bias.read() as tf.Tensor2D, [row, 0], [1, -1]));
  }
}

/** 1/(1 − rate) for what is kept and 0 for what is dropped; undefined where nothing is. */
function maskOf(like: tf.Tensor, rate: number, kwargs: Kwargs): tf.Tensor | undefined {
  if (rate === 0 || kwargs['training'] !== true) return undefined;
  return tf.keep(dropoutOf(rate)(tf.onesLike(like), kwargs));
}

function cellConfig(given: GruCellArguments): tf.serialization.ConfigDict {
  const { kernel, recurrent, bias } = rulesOf(given);
  const [ofKernel, ofRecurrent, ofBias] = [kernel, recurrent, bias].map(serializedRules);
  return {
    units: given.units,
    activation: given.activation ?? 'tanh',
    recurrentActivation: given.recurrentActivation ?? 'sigmoid',
    useBias: given.useBias ?? true,
    kernelInitializer: ofKernel?.initializer ?? null,
    kernelRegularizer: ofKernel?.regularizer ?? null,
    kernelConstraint: ofKernel?.constraint ?? null,
    recurrentInitializer: ofRecurrent?.initializer ?? null,
    recurrentRegularizer: ofRecurrent?.regularizer ?? null,
    recurrentConstraint: ofRecurrent?.constraint ?? null,
    biasInitializer: ofBias?.initializer ?? null,
    biasRegularizer: ofBias?.regularizer ?? null,
    biasConstraint: ofBias?.constraint ?? null,
    dropout: given.dropout ?? 0,
    recurrentDropout: given.recurrentDropout ?? 0,
  };
}

/** Keras' GRU with reset_after: true, which tfjs' own does not have. */
export class GruResetAfter extends tfl.RNN {
  static override className = 'GRUResetAfter';
  private readonly given: GruArguments;
  private readonly own: GruResetAfterCell;

  constructor(given: GruArguments) {
    const cell = new GruResetAfterCell({ ...given, name: 'cell' });
    super({ ...given, cell });
    this.given = given;
    this.own = cell;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
    this.own.forgetMasks();
    return super.call(inputs, kwargs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const config = { ...super.getConfig(), ...cellConfig(this.given) };
    // The cell is made of the same arguments again.
    delete config['cell'];
    return config;
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    type: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new type(config);
  }
}

tf.serialization.registerClass(GruResetAfterCell);
tf.serialization.registerClass(GruResetAfter);
