import type { Table } from '../../core/table.js';
import {
  compareCounts,
  Counter,
  type Counts,
  type DriftReference,
  emptyCounts,
  mergeCounts,
  predictionTable,
} from '../../drift/index.js';
import type { Scores } from '../scores.js';
import type { WatchedColumn } from './watcher.js';

/** Parts of a window: the oldest is forgotten when a new one begins. */
const PARTS = 10;
/** Rows counted in a second at most: more would say nothing more and take time from answering. */
const ROWS_PER_SECOND = 5_000;

interface Part {
  readonly inputs: Counts;
  readonly predictions: Counts;
  rows: number;
}

/** The distribution of the last rows of a model, beside that of its training rows. */
export class DriftWindow {
  private readonly reference: DriftReference;
  private readonly inputs: Counter;
  private readonly predictions: Counter;
  private readonly partRows: number;
  private readonly now: () => number;
  private parts: Part[];
  private second = 0;
  private counted = 0;

  /**
   * @param rows how many rows the window holds, about.
   * @param now milliseconds, for tests.
   */
  constructor(reference: DriftReference, rows: number, now: () => number = () => performance.now()) {
    this.reference = reference;
    this.inputs = new Counter(reference.columns);
    this.predictions = new Counter(reference.predictions.columns);
    this.partRows = Math.max(1, Math.ceil(rows / PARTS));
    this.now = now;
    this.parts = [this.emptyPart()];
  }

  get rows(): number {
    return this.parts.reduce((sum, part) => sum + part.rows, 0);
  }

  add(table: Table, scores: Scores): void {
    const second = Math.floor(this.now() / 1000);
    if (second !== this.second) [this.second, this.counted] = [second, 0];
    if (this.counted >= ROWS_PER_SECOND) return;
    this.counted += table.rows;
    let part = this.parts[0] as Part;
    if (part.rows >= this.partRows) {
      part = this.emptyPart();
      this.parts = [part, ...this.parts.slice(0, PARTS - 1)];
    }
    this.inputs.add(part.inputs, table);
    const answers = scores.map((row) => scores.prediction(row));
    this.predictions.add(part.predictions, predictionTable(scores.classes, answers));
    part.rows += table.rows;
  }

  /** Every column of which there are enough rows to tell. */
  drift(): WatchedColumn[] {
    const { columns, predictions } = this.reference;
    return [
      ...this.columnsOf('input', columns, mergeCounts(this.parts.map((part) => part.inputs))),
      ...this.columnsOf(
        'prediction',
        predictions.columns,
        mergeCounts(this.parts.map((part) => part.predictions)),
      ),
    ];
  }

  private columnsOf(
    of: WatchedColumn['of'],
    references: DriftReference['columns'],
    counts: Counts,
  ): WatchedColumn[] {
    return compareCounts(references, counts).flatMap(({ name, psi, level }) =>
      psi === null || level === 'unknown' ? [] : [{ of, column: name, psi }],
    );
  }

  private emptyPart(): Part {
    return {
      inputs: emptyCounts(this.reference.columns),
      predictions: emptyCounts(this.reference.predictions.columns),
      rows: 0,
    };
  }
}
