/** Squares of larger numbers overflow. */
const MOST_SQUARABLE = 1e150;

/**
 * Extremes, mean and deviation of numbers that are given block by block. Blocks of the same rows in the same order give the
 * same bits.
 */
export class Moments {
  /** Numbers seen, without those that are missing (NaN) or infinite. */
  count = 0;
  infinite = 0;
  zeros = 0;
  minimum = Infinity;
  maximum = -Infinity;
  private average = 0;
  /** The sum so far, and what was lost of it to rounding. */
  private sum = 0;
  private lost = 0;
  /** Of the distances from the mean. */
  private squares = 0;

  add(block: Float64Array): void {
    let [count, sum, zeros, infinite] = [0, 0, 0, 0];
    let { minimum, maximum } = this;
    // A loop over the places takes half the time of one over the numbers.
    const { length } = block;
    for (let i = 0; i < length; i++) {
      const number = block[i] as number;
      if (!Number.isFinite(number)) {
        if (!Number.isNaN(number)) infinite++;
        continue;
      }
      count++;
      sum += number;
      if (number === 0) zeros++;
      if (number < minimum) minimum = number;
      if (number > maximum) maximum = number;
    }
    this.infinite += infinite;
    if (count === 0) return;
    const mean = Number.isFinite(sum) ? sum / count : meanOfLarge(block, count);
    let squares = 0;
    for (let i = 0; i < length; i++) {
      const distance = (block[i] as number) - mean;
      if (Number.isFinite(distance)) squares += distance * distance;
    }
    const all = this.count + count;
    const apart = mean - this.average;
    this.squares += squares + apart * apart * ((this.count / all) * count);
    this.addSum(sum);
    const total = this.sum + this.lost;
    this.average = Number.isFinite(total)
      ? total / all
      : this.average * (this.count / all) + mean * (count / all);
    this.count = all;
    this.zeros += zeros;
    this.minimum = minimum;
    this.maximum = maximum;
  }

  /** Neumaier's sum. */
  private addSum(sum: number): void {
    const total = this.sum + sum;
    this.lost += Math.abs(this.sum) >= Math.abs(sum) ? this.sum - total + sum : sum - total + this.sum;
    this.sum = total;
  }

  get mean(): number {
    return this.average;
  }

  /** Of the sample; 0 with one number, and where squares would overflow. */
  get standardDeviation(): number {
    if (this.count < 2 || Math.max(-this.minimum, this.maximum) >= MOST_SQUARABLE) return 0;
    return Math.sqrt(this.squares / (this.count - 1));
  }
}

/** The mean of numbers whose sum overflows. */
function meanOfLarge(block: Float64Array, count: number): number {
  return block.reduce((mean, number) => (Number.isFinite(number) ? mean + number / count : mean), 0);
}
