import * as layers from '@tensorflow/tfjs-layers';
import { Random } from '../../src/core/random.js';
import { float32, sizeOf, type TensorData } from '../../src/core/tensor.js';
import { ACTIVATIONS } from '../../src/layers/activations.js';
import * as own from '../../src/layers/index.js';

const L = layers.layers;

type Layer = layers.layers.Layer;

interface Sequence {
  readonly input: number[];
  readonly layers: () => Layer[];
  /** Inputs are whole numbers below this. */
  readonly codes?: number;
}

/** Layers one after the other, by what they are about; a head of one dense unit is added to each. */
const sequences: Record<string, Sequence> = {
  'dense, every activation': {
    input: [3],
    layers: () =>
      (
        [
          'elu',
          'hardSigmoid',
          'linear',
          'relu',
          'relu6',
          'selu',
          'sigmoid',
          'softmax',
          'softplus',
          'softsign',
          'tanh',
          'swish',
          'mish',
        ] as const
      ).map((activation) => L.dense({ units: 4, activation })),
  },
  'advanced activations': {
    input: [6],
    layers: () => [
      L.leakyReLU({ alpha: 0.1 }),
      L.prelu({}),
      L.elu({ alpha: 1 }),
      L.reLU({ maxValue: 3 }),
      L.thresholdedReLU({ theta: 0.05 }),
      L.softmax({}),
    ],
  },
  'regularizers and constraints': {
    input: [4],
    layers: () => [
      L.dense({ units: 4, kernelRegularizer: 'l1l2', biasRegularizer: 'l1l2' }),
      L.dense({ units: 4, useBias: false, kernelConstraint: 'maxNorm' }),
    ],
  },
  conv1d: {
    input: [8, 2],
    layers: () => [
      L.conv1d({ filters: 3, kernelSize: 3, activation: 'relu' }),
      L.maxPooling1d({ poolSize: 2 }),
      L.flatten(),
    ],
  },
  conv2d: {
    input: [6, 6, 2],
    layers: () => [
      L.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' }),
      L.maxPooling2d({ poolSize: 2 }),
      L.flatten(),
    ],
  },
  conv2dTranspose: {
    input: [3, 3, 2],
    layers: () => [
      L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
      L.globalAveragePooling2d({}),
    ],
  },
  conv3dTranspose: {
    input: [2, 2, 2, 2],
    layers: () => [L.conv3dTranspose({ filters: 2, kernelSize: 2, strides: 2 }), L.flatten()],
  },
  'dilated conv1d': {
    input: [9, 2],
    layers: () => [
      L.conv1d({ filters: 3, kernelSize: 3, dilationRate: 2, activation: 'tanh' }),
      L.globalAveragePooling1d({}),
    ],
  },
  'dilated conv2d': {
    input: [6, 6, 2],
    layers: () => [L.conv2d({ filters: 2, kernelSize: 3, dilationRate: 2 }), L.flatten()],
  },
  separableConv2d: {
    input: [5, 5, 2],
    layers: () => [L.separableConv2d({ filters: 3, kernelSize: 3 }), L.globalMaxPooling2d({})],
  },
  'dilated separableConv2d': {
    input: [6, 6, 2],
    layers: () => [
      L.separableConv2d({ filters: 3, kernelSize: 3, dilationRate: [2, 1], padding: 'same' }),
      L.flatten(),
    ],
  },
  depthwiseConv2d: {
    input: [5, 5, 2],
    layers: () => [
      L.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }),
      L.averagePooling2d({ poolSize: 2, padding: 'valid' }),
      L.flatten(),
    ],
  },
  conv3d: {
    input: [4, 4, 4, 1],
    layers: () => [L.conv3d({ filters: 2, kernelSize: 2 }), L.maxPooling3d({ poolSize: 3 }), L.flatten()],
  },
  'dilated conv3d': {
    input: [5, 3, 3, 1],
    layers: () => [
      L.conv3d({ filters: 2, kernelSize: 2, dilationRate: [2, 1, 1], activation: 'tanh' }),
      L.flatten(),
    ],
  },
  'average pooling': {
    input: [6, 2],
    layers: () => [L.averagePooling1d({ poolSize: 2 }), L.globalMaxPooling1d({})],
  },
  'batch normalization of images': {
    input: [4, 4, 2],
    layers: () => [L.batchNormalization({ momentum: 0.9 }), L.flatten()],
  },
  layerNormalization: { input: [5, 6], layers: () => [L.layerNormalization({}), L.flatten()] },
  dropouts: {
    input: [4, 6],
    layers: () => [
      L.spatialDropout1d({ rate: 0.2 }),
      L.dropout({ rate: 0.3 }),
      L.gaussianNoise({ stddev: 0.1 }),
      L.gaussianDropout({ rate: 0.1 }),
      L.alphaDropout({ rate: 0.1 }),
      L.flatten(),
    ],
  },
  embedding: {
    input: [5],
    codes: 7,
    layers: () => [L.embedding({ inputDim: 7, outputDim: 3 }), L.globalAveragePooling1d({})],
  },
  simpleRNN: { input: [5, 3], layers: () => [L.simpleRNN({ units: 4, recurrentInitializer: 'orthogonal' })] },
  'lstm, stacked': {
    input: [4, 3],
    layers: () => [
      L.lstm({ units: 4, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
      L.lstm({ units: 3, recurrentInitializer: 'glorotUniform' }),
    ],
  },
  gru: { input: [4, 3], layers: () => [L.gru({ units: 4, recurrentInitializer: 'glorotUniform' })] },
  'bidirectional lstm with dropout': {
    input: [3, 2],
    layers: () => [
      L.bidirectional({
        layer: L.lstm({ units: 3, dropout: 0.2, recurrentInitializer: 'glorotUniform' }),
        mergeMode: 'concat',
      }),
    ],
  },
  'masked lstm': {
    input: [4, 2],
    layers: () => [L.masking({ maskValue: 0 }), L.lstm({ units: 3, recurrentInitializer: 'glorotUniform' })],
  },
  convLstm2d: {
    input: [3, 4, 4, 1],
    layers: () => [
      L.convLstm2d({ filters: 2, kernelSize: 2, recurrentInitializer: 'glorotUniform' }),
      L.flatten(),
    ],
  },
  'average pooling in three dimensions': {
    input: [4, 4, 4, 1],
    layers: () => [
      L.conv3d({ filters: 2, kernelSize: 2, activation: 'tanh' }),
      L.averagePooling3d({ poolSize: 3 }),
      L.flatten(),
    ],
  },
  'batch normalization between dense layers': {
    input: [4],
    layers: () => [
      L.dense({ units: 5 }),
      L.batchNormalization({ momentum: 0.8, betaRegularizer: 'l1l2' }),
      L.dense({ units: 3, activation: 'relu' }),
    ],
  },
  'stacked recurrent cells': {
    input: [4, 3],
    layers: () => [
      L.rnn({
        cell: [
          L.lstmCell({ units: 3, recurrentInitializer: 'glorotUniform' }),
          L.gruCell({ units: 2, recurrentInitializer: 'glorotUniform' }),
        ] as layers.layers.RNNCell[],
      }),
    ],
  },
  'bidirectional gru, summed': {
    input: [3, 2],
    layers: () => [
      L.bidirectional({
        layer: L.gru({ units: 3, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
        mergeMode: 'sum',
      }),
      L.globalMaxPooling1d({}),
    ],
  },
  'gru with its reset gate after the product': {
    input: [4, 3],
    layers: () => [
      own.gruResetAfter({ units: 4, returnSequences: true, recurrentInitializer: 'glorotUniform' }),
      own.gruResetAfter({
        units: 3,
        dropout: 0.2,
        recurrentDropout: 0.1,
        recurrentInitializer: 'glorotUniform',
      }),
    ],
  },
  'transformer encoder over an embedding with padding': {
    input: [5],
    codes: 7,
    layers: () => [
      L.embedding({ inputDim: 7, outputDim: 4, maskZero: true }),
      own.positionalEmbedding(),
      own.transformerEncoder({ numHeads: 2, intermediateDim: 6, dropout: 0.1, activation: 'gelu' }),
      own.transformerEncoder({ numHeads: 1, intermediateDim: 3, normalizeFirst: true, activation: 'silu' }),
      own.multiHeadAttention({ numHeads: 2, keyDim: 3, causal: true, outputDim: 3, dropout: 0.1 }),
      L.flatten(),
    ],
  },
  'transformer decoder alone': {
    input: [4, 4],
    layers: () => [
      own.positionalEmbedding({ kind: 'sinusoidal' }),
      own.transformerDecoder({ numHeads: 2, intermediateDim: 6 }),
      L.globalAveragePooling1d({}),
    ],
  },
  'columns of codes': {
    input: [3],
    codes: 4,
    layers: () => [
      own.columnEmbedding({
        size: 2,
        columns: [
          { name: 'a', role: 'code', cardinality: 4 },
          { name: 'b', role: 'numeric', cardinality: 0 },
          { name: 'c', role: 'code', cardinality: 4 },
        ],
      }),
      ...Object.keys(ACTIVATIONS).map((activation) =>
        L.dense({ units: 3, activation: activation as 'relu' }),
      ),
    ],
  },
  timeDistributed: {
    input: [3, 4],
    layers: () => [L.timeDistributed({ layer: L.dense({ units: 2 }) }), L.flatten()],
  },
  'bilinear upsampling': {
    input: [3, 2, 2],
    layers: () => [
      L.upSampling2d({ size: [2, 3], interpolation: 'bilinear' }),
      L.conv2d({ filters: 2, kernelSize: 2 }),
      L.flatten(),
    ],
  },
  reshaping: {
    input: [12],
    layers: () => [
      L.reshape({ targetShape: [2, 3, 2] }),
      L.permute({ dims: [2, 1, 3] }),
      L.zeroPadding2d({ padding: 1 }),
      L.cropping2D({
        cropping: [
          [1, 0],
          [0, 1],
        ],
      }),
      L.upSampling2d({ size: [2, 2] }),
      L.flatten(),
      L.repeatVector({ n: 2 }),
      L.flatten(),
    ],
  },
};

function sequential(input: number[], inner: Layer[]): layers.LayersModel {
  const first = layers.input({ shape: input });
  let x: layers.SymbolicTensor = first;
  for (const layer of inner) x = layer.apply(x) as layers.SymbolicTensor;
  return layers.model({ inputs: first, outputs: L.dense({ units: 1 }).apply(x) as layers.SymbolicTensor });
}

function merged(): layers.LayersModel {
  const input = layers.input({ shape: [4] });
  const branch = () => L.dense({ units: 3, activation: 'tanh' }).apply(input) as layers.SymbolicTensor;
  const [a, b] = [branch(), branch()];
  const outputs = [
    L.add(),
    L.average(),
    L.maximum(),
    L.minimum(),
    L.multiply(),
    L.concatenate(),
    L.dot({ axes: 1 }),
  ].map((layer) => layer.apply([a, b]) as layers.SymbolicTensor);
  const joined = L.concatenate().apply(outputs) as layers.SymbolicTensor;
  return layers.model({
    inputs: input,
    outputs: L.dense({ units: 1 }).apply(joined) as layers.SymbolicTensor,
  });
}

export interface ZooModel {
  readonly name: string;
  /** Shape of one row. */
  readonly input: readonly number[];
  readonly codes: number | undefined;
  /** Makes the model, with one output. */
  readonly make: () => layers.LayersModel;
}

/** Models that have every trainable layer between them. */
export const LAYER_ZOO: readonly ZooModel[] = [
  ...Object.entries(sequences).map(([name, { input, codes, layers: inner }]) => ({
    name,
    input,
    codes,
    make: () => sequential(input, inner()),
  })),
  { name: 'merge layers', input: [4], codes: undefined, make: merged },
];

/** Rows that a model of the zoo takes. */
export function rowsFor({ input, codes }: ZooModel, rows: number): TensorData {
  const random = Random.of(4, 'rows');
  const draw = codes === undefined ? () => 2 * random.uniform() - 1 : () => random.integer(codes);
  return float32([rows, ...input], Float32Array.from({ length: rows * sizeOf(input) }, draw));
}
