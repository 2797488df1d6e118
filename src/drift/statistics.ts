/** Added to every bin, so that one that is empty on one side does not make the index infinite (Jeffreys' prior). */
const PRIOR = 0.5;

/**
 * Population stability index of two histograms over the same bins: Σ (q - p) ln(q / p), which is the Kullback-Leibler
 * divergence in both directions added. Read as a rule of thumb: below 0.1 stable, above 0.2 another distribution.
 */
export function populationStability(expected: readonly number[], actual: readonly number[]): number {
  const bins = expected.length;
  const [n, m] = [sum(expected) + PRIOR * bins, sum(actual) + PRIOR * bins];
  return expected.reduce((total, count, i) => {
    const p = (count + PRIOR) / n;
    const q = ((actual[i] ?? 0) + PRIOR) / m;
    return total + (q - p) * Math.log(q / p);
  }, 0);
}

/**
 * What the index is below in 95 % of the cases when both histograms come from one distribution: it then is about
 * (1/n + 1/m) times a chi-square variable of bins - 1 degrees of freedom (Yurdakul 2018, Statistical Properties of
 * Population Stability Index).
 */
export function stabilityNoise(bins: number, expectedRows: number, actualRows: number): number {
  if (bins < 2 || expectedRows === 0 || actualRows === 0) return bins < 2 ? 0 : Infinity;
  return chiSquareQuantile(0.95, bins - 1) * (1 / expectedRows + 1 / actualRows);
}

export type TestResult = { readonly statistic: number; readonly pValue: number };

/**
 * Kolmogorov-Smirnov: the largest difference of two cumulative distributions given as counts of the same intervals, so
 * that only their ends are compared. The p-value is Stephens' (1970) approximation of the two-sample test.
 */
export function kolmogorovSmirnov(expected: readonly number[], actual: readonly number[]): TestResult {
  const [n, m] = [sum(expected), sum(actual)];
  if (n === 0 || m === 0) return { statistic: 0, pValue: 1 };
  let [below, belowActual, statistic] = [0, 0, 0];
  for (const [i, count] of expected.entries()) {
    below += count;
    belowActual += actual[i] ?? 0;
    statistic = Math.max(statistic, Math.abs(below / n - belowActual / m));
  }
  const root = Math.sqrt((n * m) / (n + m));
  return { statistic, pValue: kolmogorovSurvival((root + 0.12 + 0.11 / root) * statistic) };
}

/** P(K > x) of Kolmogorov's distribution: 2 Σ (-1)^(k-1) exp(-2 k² x²). */
function kolmogorovSurvival(x: number): number {
  if (x < 0.2) return 1;
  let total = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * x * x);
    total += k % 2 === 1 ? term : -term;
    if (term < 1e-16) break;
  }
  return Math.min(1, Math.max(0, 2 * total));
}

/**
 * Pearson's chi-square test that two histograms come from one distribution (a table of 2 rows, no continuity
 * correction). Bins of which fewer than 5 rows are expected on a side are put together first, because the test does not
 * hold for them.
 */
export function chiSquareTest(expected: readonly number[], actual: readonly number[]): TestResult {
  const [n, m] = [sum(expected), sum(actual)];
  if (n === 0 || m === 0) return { statistic: 0, pValue: 1 };
  const share = Math.min(n, m) / (n + m);
  const bins: [number, number][] = [];
  let rest: [number, number] = [0, 0];
  for (const [i, count] of expected.entries()) {
    const bin: [number, number] = [count, actual[i] ?? 0];
    if ((bin[0] + bin[1]) * share >= 5) bins.push(bin);
    else rest = [rest[0] + bin[0], rest[1] + bin[1]];
  }
  if (rest[0] + rest[1] > 0) bins.push(rest);
  if (bins.length < 2) return { statistic: 0, pValue: 1 };
  const statistic = bins.reduce((total, [a, b]) => {
    const [ea, eb] = [((a + b) * n) / (n + m), ((a + b) * m) / (n + m)];
    return total + (a - ea) ** 2 / ea + (b - eb) ** 2 / eb;
  }, 0);
  return { statistic, pValue: chiSquareSurvival(statistic, bins.length - 1) };
}

/** P(X > x) of a chi-square variable: the regularised upper incomplete gamma function at (degrees / 2, x / 2). */
export function chiSquareSurvival(x: number, degrees: number): number {
  if (x <= 0) return 1;
  const [a, half] = [degrees / 2, x / 2];
  const scale = Math.exp(a * Math.log(half) - half - logGamma(a));
  return half < a + 1 ? 1 - scale * lowerSeries(a, half) : scale * upperFraction(a, half);
}

/** Series of the lower incomplete gamma function, without its scale (Abramowitz and Stegun 6.5.29). */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let total = term;
  for (let k = 1; k < 10_000 && term > total * 1e-16; k++) {
    term *= x / (a + k);
    total += term;
  }
  return total;
}

/** Continued fraction of the upper one (Abramowitz and Stegun 6.5.31), by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let value = d;
  for (let k = 1; k < 10_000; k++) {
    const factor = -k * (k - a);
    b += 2;
    d = 1 / (factor * d + b);
    c = b + factor / c;
    value *= c * d;
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return value;
}

/** ln Γ(x) for x > 0: Lanczos' approximation with g = 7 and 9 coefficients, right to about 15 digits. */
function logGamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const series = coefficients.reduce((total, value, i) => total + value / (z + i + 1), 0.9999999999998099);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(series);
}

/** The value that a chi-square variable is below with the probability, by bisection. */
export function chiSquareQuantile(probability: number, degrees: number): number {
  let [low, high] = [0, degrees + 10 * Math.sqrt(2 * degrees) + 50];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (1 - chiSquareSurvival(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
