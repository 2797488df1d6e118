import { booleanAttribute } from '../../attributes.js';
import type { Lowering, Lowerings, NodeLowering } from '../lowering.js';

function rules(c: NodeLowering): { align_corners: boolean; half_pixel_centers: boolean } {
  return {
    align_corners: booleanAttribute(c.attributes, 'alignCorners'),
    half_pixel_centers: booleanAttribute(c.attributes, 'halfPixelCenters'),
  };
}

/** To the height and width of the output. TensorFlow interpolates in floats. */
const resized: Lowering = (c) =>
  c.castToOutput(c.op(c.node.op, [c.input(), c.writer.integers(c.outputShape().slice(1, 3))], rules(c)));

export const resize: Lowerings = {
  ResizeNearestNeighbor: resized,
  ResizeBilinear: resized,
  ResizeNearestNeighborGrad: (c) =>
    c.op('ResizeNearestNeighborGrad', [c.input(1), c.writer.integers(c.outputShape().slice(1, 3))], rules(c)),
  ResizeBilinearGrad: (c) =>
    c.castToOutput(c.op('ResizeBilinearGrad', [c.cast(c.input(1), 'float32'), c.input(0)], rules(c))),
};
