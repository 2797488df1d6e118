import type { Emission } from '../emitter.js';
import type { OnnxAttributes } from '../writer.js';
import type { WindowAxis } from '../../kernels/convolution-geometry.js';

/** Axis order that brings channels-last to ONNX' channels-first: [0, last, 1, 2, …]. */
export function channelsFirst(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

/** And back. */
export function channelsLast(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

/** A filter [...spatial, in, out] as [out, in, ...spatial]. */
export function filterFirst(rank: number): number[] {
  return [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, i) => i)];
}

export function transpose(e: Emission, name: string, perm: readonly number[]): string {
  return e.emit('Transpose', [name], { perm: { ints: perm } });
}

export function transposeResult(e: Emission, name: string, perm: readonly number[]): void {
  e.result('Transpose', [name], { perm: { ints: perm } });
}

/** ONNX' attributes for windows. */
export function windowAttributes(axes: readonly WindowAxis[]): OnnxAttributes {
  return {
    kernel_shape: { ints: axes.map(({ filter }) => filter) },
    strides: { ints: axes.map(({ stride }) => stride) },
    pads: { ints: [...axes.map(({ padBefore }) => padBefore), ...axes.map(({ padAfter }) => padAfter)] },
  };
}
