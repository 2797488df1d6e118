import { sizeOf } from '../../../core/tensor.js';
import type { WindowAxis } from '../../kernels/convolution-geometry.js';
import type { Emission } from '../emitter.js';
import { reshapeTarget } from './shaping.js';

/** One position inside the window, per spatial axis. */
export type Tap = readonly number[];

/** All positions of a window, the last axis fastest. */
export function taps(axes: readonly WindowAxis[]): Tap[] {
  return axes.reduce<Tap[]>(
    (all, { filter }) => all.flatMap((tap) => Array.from({ length: filter }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** How much must stand before and after each axis for every window to lie inside. */
function margins(axes: readonly WindowAxis[]): { before: number[]; after: number[] } {
  return {
    before: axes.map(({ padBefore }) => padBefore),
    after: axes.map(({ input, filter, stride, dilation, padBefore, output }) =>
      Math.max(0, (output - 1) * stride + (filter - 1) * dilation + 1 - padBefore - input),
    ),
  };
}

/** Pads the spatial axes of a channels-last tensor so that every window lies inside. */
export function padWindows(e: Emission, x: string, axes: readonly WindowAxis[], value: number): string {
  const { before, after } = margins(axes);
  if ([...before, ...after].every((amount) => amount === 0)) return x;
  const amounts = e.writer.int64s([0, ...before, 0, 0, ...after, 0]);
  return e.emit('Pad', [x, amounts, e.writer.scalar(value, e.info().dtype)]);
}

/** The elements at one position of every window: [batch, ...output, channels]. */
export function tapSlice(e: Emission, padded: string, axes: readonly WindowAxis[], tap: Tap): string {
  const begin = axes.map(({ dilation }, i) => (tap[i] ?? 0) * dilation);
  const end = axes.map(({ output, stride }, i) => (begin[i] ?? 0) + (output - 1) * stride + 1);
  const { writer } = e;
  return e.emit('Slice', [
    padded,
    writer.int64s(begin),
    writer.int64s(end),
    writer.int64s(axes.map((_, i) => i + 1)),
    writer.int64s(axes.map(({ stride }) => stride)),
  ]);
}

/** Whether windows tile the axes: neither overlap nor leave gaps. */
function isTiling(axes: readonly WindowAxis[]): boolean {
  return axes.every(({ filter, stride, dilation }) => filter === stride && dilation === 1);
}

/**
 * Puts the parts of windows, one [batch, ...output, channels] per tap, back where they come from in a tensor of shape
 * [batch, ...input, channels], adding where windows overlap.
 */
export function placeTaps(
  e: Emission,
  parts: readonly string[],
  axes: readonly WindowAxis[],
  batch: number,
  channels: number,
): void {
  const placed = isTiling(axes)
    ? interleave(e, parts, axes, batch, channels)
    : spread(e, parts, axes, batch, channels);
  const { before, after } = margins(axes);
  // What lies in the margins belongs to no input; what no window reached gets nothing.
  const covered = axes.map(({ input }, i) => input + (before[i] ?? 0) + (after[i] ?? 0));
  const made = isTiling(axes) ? axes.map(({ output, filter }) => output * filter) : covered;
  const { writer } = e;
  const spatial = axes.map((_, i) => i + 1);
  const ends = axes.map(({ input }, i) => Math.min((before[i] ?? 0) + input, made[i] ?? 0));
  const needsCut = axes.some((_, i) => (before[i] ?? 0) > 0 || (ends[i] ?? 0) < (made[i] ?? 0));
  const cut = needsCut
    ? e.emit('Slice', [placed, writer.int64s(before), writer.int64s(ends), writer.int64s(spatial)])
    : placed;
  const missing = axes.map(({ input }, i) => input - ((ends[i] ?? 0) - (before[i] ?? 0)));
  if (missing.every((amount) => amount === 0)) {
    e.result('Identity', [cut]);
    return;
  }
  const zeros = axes.map(() => 0);
  e.result('Pad', [cut, writer.int64s([0, ...zeros, 0, 0, ...missing, 0])]);
}

/** Windows that tile: the parts are woven together, innermost axis first. */
function interleave(
  e: Emission,
  parts: readonly string[],
  axes: readonly WindowAxis[],
  batch: number,
  channels: number,
): string {
  let current = [...parts];
  const shape = axes.map(({ output }) => output);
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const count = axes[axis]?.filter ?? 1;
    if (count === 1) continue;
    const at = e.writer.int64s([axis + 2]);
    const joined: string[] = [];
    shape[axis] = (shape[axis] ?? 1) * count;
    for (let i = 0; i < current.length; i += count) {
      const group = current.slice(i, i + count).map((part) => e.emit('Unsqueeze', [part, at]));
      const woven = e.emit('Concat', group, { axis: { int: axis + 2 } });
      joined.push(e.emit('Reshape', [woven, reshapeTarget(e.writer, [batch, ...shape, channels])]));
    }
    current = joined;
  }
  return current[0] ?? '';
}

/** Windows that overlap or leave gaps: every part is spread over the padded input, and the spreads are added. */
function spread(
  e: Emission,
  parts: readonly string[],
  axes: readonly WindowAxis[],
  batch: number,
  channels: number,
): string {
  const { writer } = e;
  const { before, after } = margins(axes);
  const strided = axes.some(({ stride }) => stride > 1);
  const allTaps = taps(axes);
  const spreads = parts.map((part, index) => {
    let spaced = part;
    if (strided) {
      // [b, o, c] → [b, o, 1, c] → [b, o, stride, c] → [b, o·stride, c]
      const rank = axes.length;
      const units = axes.flatMap(({ output }) => [output, 1]);
      const tail = axes.flatMap(({ stride }) => [0, stride - 1]);
      const split = e.emit('Reshape', [part, reshapeTarget(writer, [batch, ...units, channels])]);
      const filled = e.emit('Pad', [
        split,
        writer.int64s([...Array<number>(2 * rank + 2).fill(0), 0, ...tail, 0]),
      ]);
      const merged = axes.map(({ output, stride }) => output * stride);
      spaced = e.emit('Reshape', [filled, reshapeTarget(writer, [batch, ...merged, channels])]);
    }
    const tap = allTaps[index] ?? [];
    const first = axes.map(({ dilation }, i) => (tap[i] ?? 0) * dilation);
    // Negative amounts cut off the zeros behind the last element, which may stick out.
    const last = axes.map(
      ({ input, output, stride }, i) =>
        input + (before[i] ?? 0) + (after[i] ?? 0) - (first[i] ?? 0) - output * stride,
    );
    const amounts = writer.int64s([0, ...first, 0, 0, ...last, 0]);
    return e.emit('Pad', [spaced, amounts]);
  });
  return spreads.length === 1 ? (spreads[0] ?? '') : e.emit('Sum', spreads);
}

/** Rows of a matrix that holds every window position of every sample. */
export function positions(batch: number, axes: readonly WindowAxis[]): number {
  const size = sizeOf(axes.map(({ output }) => output));
  return batch * size;
}
