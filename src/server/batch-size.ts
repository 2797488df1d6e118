/** Seconds a batch should take at most, because every request that arrives meanwhile waits for its end. */
const TARGET = 0.02;

/** Rows of a batch that is never cut further, however slow the model. */
const SMALLEST = 8;

/** Weight of the last batch in the running mean of seconds per row. */
const SMOOTHING = 0.1;

/** How many rows a model's batches should have: as many as fit in the time a batch should take, found by trying. */
export class BatchSize {
  private readonly most: number;
  private limit: number;
  private secondsPerRow: number | undefined;

  /** @param most rows that a batch has at most, however quick the model. */
  constructor(most: number) {
    this.most = most;
    this.limit = Math.min(most, 256);
  }

  /** Rows that the next batch should have at most. */
  get rows(): number {
    return this.limit;
  }

  /** Seconds that some waiting rows will probably take; 0 as long as nothing is known. */
  secondsFor(rows: number): number {
    return rows * (this.secondsPerRow ?? 0);
  }

  /** Learns from a batch that took so long. */
  learn(rows: number, seconds: number): void {
    const perRow = seconds / rows;
    // Small batches are mostly overhead, of which a queue of many rows has little.
    const known = this.secondsPerRow;
    if (known === undefined || perRow < known) this.secondsPerRow = perRow;
    else if (rows * 2 >= this.limit) this.secondsPerRow = known + SMOOTHING * (perRow - known);
    if (seconds > TARGET) {
      // By half at most, because one long batch may have been the fault of something else on this machine.
      const fitting = Math.max(SMALLEST, Math.floor(this.limit / 2), Math.floor((rows * TARGET) / seconds));
      this.limit = Math.min(this.limit, fitting);
    } else if (rows >= this.limit && seconds < TARGET / 2) {
      this.limit = Math.min(this.most, this.limit * 2);
    }
  }
}
