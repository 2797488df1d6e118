/**
 * What a model file gets that imports tfjs by its package name: this program's copy. What tracing replaces for a while
 * (substitutions.ts) is looked up when it is called, as an import keeps what a name meant when it was made.
 */
import { modelFileTf as tf } from './tfjs.js';

export * from '@tensorflow/tfjs-core';
export * from '@tensorflow/tfjs-layers';
export default tf;

export const dropout: typeof tf.dropout = (...given) => tf.dropout(...given);
export const randomUniform: typeof tf.randomUniform = (...given) => tf.randomUniform(...given);
export const randomNormal: typeof tf.randomNormal = (...given) => tf.randomNormal(...given);
export const randomStandardNormal: typeof tf.randomStandardNormal = (...given) =>
  tf.randomStandardNormal(...given);
export const truncatedNormal: typeof tf.truncatedNormal = (...given) => tf.truncatedNormal(...given);
export const randomGamma: typeof tf.randomGamma = (...given) => tf.randomGamma(...given);
export const multinomial: typeof tf.multinomial = (...given) => tf.multinomial(...given);
export const rand: typeof tf.rand = (...given) => tf.rand(...given);
export const fused: typeof tf.fused = {
  matMul: (...given) => tf.fused.matMul(...given),
  conv2d: (...given) => tf.fused.conv2d(...given),
  depthwiseConv2d: (...given) => tf.fused.depthwiseConv2d(...given),
};
