import { numberAttribute, numbersAttribute, pairsAttribute } from '../../attributes.js';
import type { GraphBuilder } from '../../builder.js';
import type { Attributes, ValueId } from '../../graph.js';

/** Blocks of space become further batches: the shape [b, …space, …rest] → [b · ∏block, …space / block, …rest]. */
export function spaceToBatch(builder: GraphBuilder, x: ValueId, attributes: Attributes): ValueId {
  const block = numbersAttribute(attributes, 'blockShape');
  const rank = builder.info(x).shape.length;
  const rest = Array.from({ length: rank - 1 - block.length }, (): [number, number] => [0, 0]);
  const paddings = [[0, 0], ...pairsAttribute(attributes, 'paddings'), ...rest];
  const padded = builder.op('PadV2', [x], { paddings, constantValue: 0 });
  const [batch = 1, ...others] = builder.info(padded).shape;
  const split = block.flatMap((size, i) => [(others[i] ?? 1) / size, size]);
  const remaining = others.slice(block.length);
  const parts = builder.op('Reshape', [padded], { shape: [batch, ...split, ...remaining] });
  const inBlock = block.map((_, i) => 2 * i + 2);
  const ofBlocks = block.map((_, i) => 2 * i + 1);
  const last = remaining.map((_, i) => 2 * block.length + 1 + i);
  const turned = builder.op('Transpose', [parts], { perm: [...inBlock, 0, ...ofBlocks, ...last] });
  const count = block.reduce((product, size) => product * size, 1);
  const shape = [batch * count, ...block.map((size, i) => (others[i] ?? 1) / size), ...remaining];
  return builder.op('Reshape', [turned], { shape });
}

/** And back; what the crops say is cut off. */
export function batchToSpace(builder: GraphBuilder, x: ValueId, attributes: Attributes): ValueId {
  const block = numbersAttribute(attributes, 'blockShape');
  const crops = pairsAttribute(attributes, 'crops');
  const count = block.reduce((product, size) => product * size, 1);
  const [batch = 1, ...others] = builder.info(x).shape;
  const parts = builder.op('Reshape', [x], { shape: [...block, batch / count, ...others] });
  const spatial = block.flatMap((_, i) => [block.length + 1 + i, i]);
  const last = others.slice(block.length).map((_, i) => 2 * block.length + 1 + i);
  const turned = builder.op('Transpose', [parts], { perm: [block.length, ...spatial, ...last] });
  const sizes = others.map((size, i) => size * (block[i] ?? 1));
  const whole = builder.op('Reshape', [turned], { shape: [batch / count, ...sizes] });
  const begin = [0, ...sizes.map((_, i) => crops[i]?.[0] ?? 0)];
  const size = sizes.map((length, i) => length - (crops[i]?.[0] ?? 0) - (crops[i]?.[1] ?? 0));
  return builder.op('Slice', [whole], { begin, size: [batch / count, ...size] });
}

/** Channels become blocks of space: [b, h, w, c·k²] → [b, h·k, w·k, c]. */
export function depthToSpace(builder: GraphBuilder, x: ValueId, attributes: Attributes): ValueId {
  const block = numberAttribute(attributes, 'blockSize');
  if (attributes['dataFormat'] !== 'NHWC') throw new RangeError('the channels do not come last');
  const [batch = 1, height = 1, width = 1, channels = 1] = builder.info(x).shape;
  const depth = channels / block ** 2;
  const parts = builder.op('Reshape', [x], { shape: [batch, height, width, block, block, depth] });
  const turned = builder.op('Transpose', [parts], { perm: [0, 1, 3, 2, 4, 5] });
  return builder.op('Reshape', [turned], { shape: [batch, height * block, width * block, depth] });
}
