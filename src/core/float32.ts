/**
 * The number with the fewest decimal digits (7 to 9) that still is `value` when read as a float32. A float32 printed as
 * the double it is shows digits that were never there: 0.1 becomes 0.10000000149011612.
 * @param value a number that a float32 holds exactly.
 */
export function shortestFloat32(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value;
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  for (let digits = 7; digits <= 9; digits++) {
    const decimals = digits - 1 - exponent;
    // Powers of ten are exact up to 1e22, so dividing by one gives the double nearest to the decimal number.
    const scale = 10 ** Math.abs(decimals);
    const rounded = decimals >= 0 ? Math.round(value * scale) / scale : Math.round(value / scale) * scale;
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
