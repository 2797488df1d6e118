/** Natural logarithm of the sum of exponentials of `count` values from `from`, without overflow. */
function logSumExp(values: Float32Array, from: number, count: number, scale: number): number {
  let largest = -Infinity;
  for (let i = 0; i < count; i++) largest = Math.max(largest, scale * (values[from + i] as number));
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(scale * (values[from + i] as number) - largest);
  return largest + Math.log(sum);
}

/**
 * Weighted mean log loss of logits `[rows, classes]` for class indices, with the logits divided by `temperature`.
 * NaN for no rows.
 */
export function logLossOfLogits(
  logits: Float32Array,
  truth: ArrayLike<number>,
  weight: ArrayLike<number>,
  classes: number,
  temperature = 1,
): number {
  let loss = 0;
  let total = 0;
  for (let row = 0; row < truth.length; row++) {
    const w = weight[row] as number;
    const from = row * classes;
    const right = (logits[from + (truth[row] as number)] as number) / temperature;
    loss += w * (logSumExp(logits, from, classes, 1 / temperature) - right);
    total += w;
  }
  return loss / total;
}

/** Weighted mean squared error of `[rows]` outputs, kept within `[minimum, maximum]` first. NaN for no rows. */
export function squaredError(
  outputs: Float32Array,
  truth: ArrayLike<number>,
  weight: ArrayLike<number>,
  [minimum, maximum]: readonly [number, number],
): number {
  let loss = 0;
  let total = 0;
  for (let row = 0; row < truth.length; row++) {
    const output = outputs[row] as number;
    // Not Math.min(Math.max()): a NaN must stay one.
    const bounded = output < minimum ? minimum : output > maximum ? maximum : output;
    const w = weight[row] as number;
    loss += w * (bounded - (truth[row] as number)) ** 2;
    total += w;
  }
  return loss / total;
}

/** The temperature in [1/20, 20] that gives the least log loss: calibration by one number (Guo et al. 2017), golden-section search over its logarithm. */
export function bestTemperature(lossAt: (temperature: number) => number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let low = Math.log(0.05);
  let high = Math.log(20);
  for (let i = 0; i < 40; i++) {
    const a = high - ratio * (high - low);
    const b = low + ratio * (high - low);
    if (lossAt(Math.exp(a)) < lossAt(Math.exp(b))) high = b;
    else low = a;
  }
  const found = Math.exp((low + high) / 2);
  return lossAt(found) < lossAt(1) ? found : 1;
}
