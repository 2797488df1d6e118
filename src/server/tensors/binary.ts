import { badRequest } from '../request-error.js';
import { type Bytes, DATATYPES, type Datatype, type Values } from './datatype.js';
import { elementCount, type Tensor } from './tensor.js';

/**
 * Elements as they lie in a binary request: little-endian and row-major; BYTES as a 32-bit length before each element.
 * Typed arrays are little-endian on every platform Node runs on that ONNX Runtime has binaries for.
 * @throws RequestError 400 when the bytes are not exactly the elements of the shape.
 */
export function valuesFromBytes(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  bytes: Uint8Array,
): Values {
  const count = elementCount(shape);
  const { size } = DATATYPES[datatype];
  if (size === null) return byteStrings(name, count, bytes);
  if (bytes.byteLength !== count * size) {
    throw badRequest(
      `Tensor '${name}' has ${bytes.byteLength} bytes of data; ${count} elements of ${datatype} have ${count * size}.`,
    );
  }
  const values = DATATYPES[datatype].make(count);
  if (!ArrayBuffer.isView(values)) throw new Error(`${datatype} has no elements of fixed size.`);
  const copy = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  copy.set(bytes);
  // Any byte but 0 is true; engines take only 1 for it.
  if (datatype === 'BOOL') for (let i = 0; i < copy.length; i++) copy[i] = copy[i] === 0 ? 0 : 1;
  return values;
}

function byteStrings(name: string, count: number, bytes: Uint8Array): Bytes[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Bytes[] = [];
  let at = 0;
  while (at < bytes.byteLength && values.length < count) {
    const end = at + 4 <= bytes.byteLength ? at + 4 + view.getUint32(at, true) : Infinity;
    if (end > bytes.byteLength) {
      throw badRequest(
        `Element ${values.length} of tensor '${name}' is longer than the data that came with it.`,
      );
    }
    values.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (values.length === count && at === bytes.byteLength) return values;
  const found = values.length < count ? `${values.length}` : 'more than that many';
  throw badRequest(`Tensor '${name}' should have ${count} elements of BYTES; its data hold ${found}.`);
}

/** The elements of a tensor as `valuesFromBytes` reads them. Numbers share the tensor's memory. */
export function bytesOf({ datatype, values }: Tensor): Uint8Array {
  if (ArrayBuffer.isView(values)) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (datatype !== 'BYTES') throw new Error(`A tensor of ${datatype} holds a list.`);
  return Buffer.concat(
    values.flatMap((value) => {
      const content = typeof value === 'string' ? Buffer.from(value) : value;
      const length = Buffer.alloc(4);
      length.writeUInt32LE(content.length);
      return [length, content];
    }),
  );
}
