import { openAccess } from '../access/access.js';
import type { Batcher } from '../batcher.js';
import { Scores } from '../scores.js';
import { type ColumnModel, type InputRows, SCORES } from '../served-model.js';
import type { ShadowCounts } from './rule.js';

/** Rows of copies that may wait. */
const MOST_ROWS = 4096;

/** Values that differ by less than this part of the larger are the same. */
const SAME = 1e-6;

/**
 * Lets another version answer copies of requests in the time that nobody else needs, and compares. Clients never wait
 * for it, and where it cannot keep up copies are left out.
 */
export class Shadow {
  private readonly model: ColumnModel;
  private readonly batcher: Batcher;
  private readonly counts: ShadowCounts;
  private waiting = 0;

  /** @param batcher one of its own, in the background. */
  constructor(model: ColumnModel, batcher: Batcher, counts: ShadowCounts) {
    this.model = model;
    this.batcher = batcher;
    this.counts = counts;
  }

  /** A request was answered: with these scores, after these seconds. */
  copy(rows: InputRows, answered: Scores, seconds: number): void {
    if (this.waiting > 0 && this.waiting + answered.rows > MOST_ROWS) {
      this.counts.dropped++;
      return;
    }
    this.waiting += answered.rows;
    // After the answer is on its way.
    setImmediate(() => void this.answer(rows, answered, seconds));
  }

  private async answer(rows: InputRows, answered: Scores, seconds: number): Promise<void> {
    const { counts, model } = this;
    try {
      const started = performance.now();
      const table = model.toTable(rows);
      const asking = { access: openAccess(), abandoned: () => false };
      const outputs = await this.batcher.run(model.encode(table), table.rows, asking);
      const scores = new Scores(model.predictor.classes, outputs[SCORES]?.values as Float32Array);
      counts.shadowSeconds += (performance.now() - started) / 1000;
      counts.liveSeconds += seconds;
      counts.requests++;
      counts.rows += scores.rows;
      compare(answered, scores, counts);
    } catch {
      counts.failures++;
    } finally {
      this.waiting -= answered.rows;
    }
  }
}

function compare(live: Scores, shadow: Scores, counts: ShadowCounts): void {
  // The versions may know different classes; one that a version does not know has probability 0 in it.
  const classes = [...new Set([...live.classes, ...shadow.classes])];
  const pairs = classes.map((name) => [live.classes.indexOf(name), shadow.classes.indexOf(name)] as const);
  for (let row = 0; row < live.rows; row++) {
    if (classes.length === 0) {
      const [one, other] = [live.at(row), shadow.at(row)];
      const difference = Math.abs(one - other);
      counts.absoluteDifference += difference;
      if (difference <= SAME * Math.max(Math.abs(one), Math.abs(other))) counts.agreements++;
      continue;
    }
    const total = pairs.reduce(
      (sum, [a, b]) => sum + Math.abs(probability(live, row, a) - probability(shadow, row, b)),
      0,
    );
    counts.absoluteDifference += total / classes.length;
    if (live.label(row) === shadow.label(row)) counts.agreements++;
  }
}

function probability(scores: Scores, row: number, index: number): number {
  return index === -1 ? 0 : scores.at(row, index);
}
