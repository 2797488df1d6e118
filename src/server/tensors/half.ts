const BUFFER = new ArrayBuffer(4);
const FLOAT = new Float32Array(BUFFER);
const BITS = new Uint32Array(BUFFER);

/** The number whose IEEE 754 half precision (FP16) bits these are. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The FP16 bits nearest to a number, to even where two are. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // From here on a number is nearer to the next power of two than to the largest half.
  if (size >= 65_520) return sign | 0x7c00;
  const exponent = size < 2 ** -14 ? -14 : exponentOf(size);
  const steps = roundToEven(size * 2 ** (10 - exponent));
  // Subnormals have no hidden bit; a carry out of the fraction lands in the exponent, as it should.
  return sign | (size < 2 ** -14 ? steps : steps - 1024 + ((exponent + 15) << 10));
}

/** floor(log2) of a positive number that a float32 does not lose. */
function exponentOf(size: number): number {
  const guess = Math.floor(Math.log2(size));
  return 2 ** guess > size ? guess - 1 : 2 ** (guess + 1) <= size ? guess + 1 : guess;
}

function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The number whose bfloat16 (the upper half of a float32) bits these are. */
export function fromBfloat16(bits: number): number {
  BITS[0] = bits << 16;
  return FLOAT[0] as number;
}

/** The bfloat16 bits nearest to a number, to even where two are. */
export function toBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  FLOAT[0] = value;
  const bits = BITS[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
