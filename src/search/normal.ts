/**
 * The complementary error function, by the Chebyshev fit of Numerical Recipes (3rd ed., 6.2.2); relative error below
 * 1.2e-7 everywhere, so that the small masses of far tails keep their size.
 */
function erfc(x: number): number {
  const z = Math.abs(x);
  const t = 2 / (2 + z);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
    1.00002368, -1.26551223,
  ];
  const polynomial = coefficients.reduce((sum, coefficient) => sum * t + coefficient, 0);
  const tail = t * Math.exp(-z * z + polynomial);
  return x >= 0 ? tail : 2 - tail;
}

/** Probability that a standard normal number lies in [a, b], a ≤ b, without cancellation in either tail. */
export function normalMass(a: number, b: number): number {
  if (a > 0) return normalMass(-b, -a);
  const below = (x: number): number => 0.5 * erfc(-x / Math.SQRT2);
  return Math.max(0, below(b) - below(a));
}

/** Logarithm of the density of a normal number with this mean and deviation. */
export function logNormalDensity(x: number, mean: number, deviation: number): number {
  const z = (x - mean) / deviation;
  return -0.5 * z * z - Math.log(deviation) - 0.5 * Math.log(2 * Math.PI);
}
