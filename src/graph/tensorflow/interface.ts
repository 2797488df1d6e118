import type { DType } from '../../core/tensor.js';
import type { Shape } from './types.js';
import type { GraphWriter, Ref } from './writer.js';

/**
 * What tfjs-node's addon cannot pass: float64 goes through it as int64 of the same bits, which Bitcast turns back
 * without touching them.
 */
const IN_DISGUISE: DType = 'float64';

/** The element type under which a tensor passes through the addon. */
export function carrierOf(dtype: DType): DType {
  return dtype === IN_DISGUISE ? 'int64' : dtype;
}

/** An input that the addon can feed under `name`. */
export function fed(
  writer: GraphWriter,
  name: string,
  dtype: DType,
  shape: Shape,
): { feed: Ref; value: Ref } {
  const attributes = { dtype: writer.typeOf(carrierOf(dtype)), shape };
  const feed = writer.op('Placeholder', [], attributes, name);
  if (dtype !== IN_DISGUISE) return { feed, value: feed };
  return { feed, value: writer.op('Bitcast', [feed], { type: writer.typeOf(dtype) }) };
}

/** An output that the addon can fetch under `name`. */
export function fetched(writer: GraphWriter, name: string, value: Ref): Ref {
  const carried = value.type === 'double' ? writer.op('Bitcast', [value], { type: 'int64' }) : value;
  return writer.op('Identity', [carried], {}, name);
}
