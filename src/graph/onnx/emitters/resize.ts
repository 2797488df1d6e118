import { booleanAttribute } from '../../attributes.js';
import type { Attributes } from '../../graph.js';
import type { Emission, Emitter, Emitters } from '../emitter.js';
import { reshapeTarget } from './shaping.js';

/** Which input elements an output element is made of, and how much of each. */
type Weights = (index: number) => readonly (readonly [input: number, weight: number])[];

interface Scale {
  readonly input: number;
  readonly output: number;
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

function ratio({ input, output, alignCorners }: Scale): number {
  return alignCorners && output > 1 ? (input - 1) / (output - 1) : input / output;
}

/** tfjs' rule: the element below, or the nearest one with aligned corners. */
function nearest(scale: Scale): Weights {
  return (index) => {
    const position = ratio(scale) * (scale.halfPixelCenters ? index + 0.5 : index);
    const chosen = scale.alignCorners ? Math.round(position) : Math.floor(position);
    return [[Math.min(Math.max(chosen, 0), scale.input - 1), 1]];
  };
}

function bilinear(scale: Scale): Weights {
  return (index) => {
    const position =
      ratio(scale) * (scale.halfPixelCenters ? index + 0.5 : index) - (scale.halfPixelCenters ? 0.5 : 0);
    const low = Math.max(0, Math.floor(position));
    const high = Math.min(scale.input - 1, Math.ceil(position));
    const fraction = Math.max(0, position - low);
    return [
      [low, 1 - fraction],
      [high, fraction],
    ];
  };
}

/** Both kinds of resizing are linear and act on rows and columns apart: a matrix [output, input] for each. */
function matrix(
  scale: Scale,
  weights: Weights,
  transposed: boolean,
): { shape: [number, number]; data: Float32Array } {
  const { input, output } = scale;
  const data = new Float32Array(input * output);
  for (let row = 0; row < output; row++) {
    for (const [column, weight] of weights(row)) {
      const at = transposed ? column * output + row : row * input + column;
      data[at] = (data[at] ?? 0) + weight;
    }
  }
  return { shape: transposed ? [input, output] : [output, input], data };
}

/** Resizes, or with `gradient` takes a gradient back to the size before. */
function resize(kind: (scale: Scale) => Weights, gradient: boolean): Emitter {
  return (e) => {
    const small = e.info(0).shape;
    const large = gradient ? e.info(1).shape : e.outputInfo().shape;
    const scaled = (axis: number) => {
      const scale = scaleOf(e.attributes, small[axis] ?? 1, large[axis] ?? 1);
      return e.writer.constant({ dtype: 'float32', ...matrix(scale, kind(scale), gradient) });
    };
    const x = e.input(gradient ? 1 : 0);
    const from = gradient ? large : small;
    const to = gradient ? small : large;
    multiplyAxes(e, x, scaled(1), scaled(2), from, to);
  };
}

function multiplyAxes(
  e: Emission,
  x: string,
  rows: string,
  columns: string,
  from: readonly number[],
  to: readonly number[],
): void {
  const [batch = 1, , width = 1, channels = 1] = from;
  const [, newHeight = 1, newWidth = 1] = to;
  const { writer } = e;
  const flat = e.emit('Reshape', [x, reshapeTarget(writer, [batch, from[1] ?? 1, width * channels])]);
  const tall = e.emit('MatMul', [rows, flat]);
  const split = e.emit('Reshape', [tall, reshapeTarget(writer, [batch * newHeight, width, channels])]);
  const wide = e.emit('MatMul', [columns, split]);
  e.result('Reshape', [wide, reshapeTarget(writer, [batch, newHeight, newWidth, channels])]);
}

function scaleOf(attributes: Attributes, input: number, output: number): Scale {
  return {
    input,
    output,
    alignCorners: booleanAttribute(attributes, 'alignCorners'),
    halfPixelCenters: booleanAttribute(attributes, 'halfPixelCenters'),
  };
}

export const resizeEmitters: Emitters = {
  ResizeNearestNeighbor: resize(nearest, false),
  ResizeBilinear: resize(bilinear, false),
  ResizeNearestNeighborGrad: resize(nearest, true),
  ResizeBilinearGrad: resize(bilinear, true),
};
