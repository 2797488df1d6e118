import { numberAttribute, numbersAttribute } from '../../attributes.js';
import type { Emission, Emitter, Emitters } from '../emitter.js';
import type { OnnxAttributes } from '../writer.js';
import { filterGradient } from './filter-gradient.js';
import { FIRST } from './pass.js';
import { averagePoolGradient, maxPoolGradient } from './pool-gradients.js';

/** ONNX' attributes for windows; poolings have neither dilations nor groups of channels. */
function windowAttributes(e: Emission, convolves: boolean): OnnxAttributes {
  const ints = (name: string) => ({ ints: numbersAttribute(e.attributes, name) });
  return {
    kernel_shape: ints('kernel'),
    strides: ints('strides'),
    pads: ints('pads'),
    ...(convolves
      ? { dilations: ints('dilations'), group: { int: numberAttribute(e.attributes, 'group', 1) } }
      : {}),
  };
}

const pool =
  (opType: string): Emitter =>
  (e) =>
    e.result(opType, e.inputs, windowAttributes(e, false));

/** The operations that pass.ts makes. */
export const channelsFirstEmitters: Emitters = {
  [FIRST.convolution]: (e) => e.result('Conv', e.inputs, windowAttributes(e, true)),
  [FIRST.inputGradient]: (e) =>
    e.result('ConvTranspose', e.inputs, {
      ...windowAttributes(e, true),
      output_padding: { ints: numbersAttribute(e.attributes, 'unreached') },
    }),
  [FIRST.filterGradient]: filterGradient,
  [FIRST.maxPool]: pool('MaxPool'),
  [FIRST.averagePool]: pool('AveragePool'),
  [FIRST.maxPoolGradient]: maxPoolGradient,
  [FIRST.averagePoolGradient]: averagePoolGradient,
};
