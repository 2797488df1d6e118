import { windowAxes } from '../../kernels/convolution-geometry.js';
import type { Emission, Emitters } from '../emitter.js';
import { reshapeTarget } from './shaping.js';
import { padWindows, positions, taps, tapSlice } from './windows.js';

/** Per window position: the sum over samples and output positions of x · dy, channel by channel. */
function depthwiseBackpropFilter(e: Emission): void {
  const { writer } = e;
  const { shape } = e.outputInfo();
  const x = e.info(0);
  const [, , channels = 1, multiplier = 1] = shape;
  const axes = windowAxes(x.shape, shape.slice(0, 2), e.attributes);
  const rows = positions(x.shape[0] ?? 1, axes);
  const padded = padWindows(e, e.input(0), axes, 0);
  const gradient = e.emit('Reshape', [e.input(1), reshapeTarget(writer, [rows, channels, multiplier])]);
  const sums = taps(axes).map((tap) => {
    const part = e.emit('Reshape', [
      tapSlice(e, padded, axes, tap),
      reshapeTarget(writer, [rows, channels, 1]),
    ]);
    return e.emit('ReduceSum', [e.emit('Mul', [part, gradient]), writer.int64s([0])], {
      keepdims: { int: 1 },
    });
  });
  const joined = sums.length === 1 ? (sums[0] ?? '') : e.emit('Concat', sums, { axis: { int: 0 } });
  e.result('Reshape', [joined, writer.int64s(shape)]);
}

/** What channels-first/pass.ts leaves with its channels last. */
export const convolutionEmitters: Emitters = {
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
};
