/** A 64-bit integer as protobufjs decodes it: a Long where it has that package, else a number. */
export type Integer = number | { readonly low: number; readonly high: number; readonly unsigned: boolean };

/** Any 64-bit integer without loss. */
export function bigintOf(value: Integer): bigint {
  if (typeof value === 'number') return BigInt(value);
  const bits = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  return value.unsigned ? bits : BigInt.asIntN(64, bits);
}

/** The nearest double. */
export function numberOf(value: Integer): number {
  return typeof value === 'number' ? value : Number(bigintOf(value));
}

/** A 64-bit integer as protobufjs encodes it without loss. */
export function integerOf(value: bigint, unsigned: boolean): Integer {
  return {
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned,
  };
}
