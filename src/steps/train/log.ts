import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../core/make-folder.js';
import type { EpochRecord } from '../../training/plan.js';
import { EventFile } from '../../training/tensorboard.js';
import { writeFileAtomic } from '../../workspace/atomic.js';

/** metrics.jsonl and TensorBoard's events of a run. */
export class RunLog {
  private readonly path: string;
  private readonly events: EventFile;
  /** The newest record. */
  last: EpochRecord | undefined;

  private constructor(path: string, events: EventFile) {
    this.path = path;
    this.events = events;
  }

  /**
   * Starts the log with the epochs that a checkpoint remembers: what an earlier training of the run has logged after it is
   * run anew, and TensorBoard would draw both as one curve.
   */
  static async open(folder: string, history: readonly EpochRecord[]): Promise<RunLog> {
    const path = join(folder, 'metrics.jsonl');
    await writeFileAtomic(path, history.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const board = join(folder, 'tensorboard');
    await rm(board, { recursive: true, force: true });
    await makeFolder(board);
    const log = new RunLog(path, new EventFile(board));
    log.last = history.at(-1);
    const began = Date.now() - 1000 * (log.last?.seconds ?? 0);
    for (const record of history) await log.addEvent(record, began + 1000 * record.seconds);
    return log;
  }

  async add(record: EpochRecord): Promise<void> {
    this.last = record;
    await appendFile(this.path, `${JSON.stringify(record)}\n`);
    await this.addEvent(record, Date.now());
  }

  private addEvent(record: EpochRecord, time: number): Promise<void> {
    const { loss, validationLoss, learningRate } = record;
    const values = { loss, validation_loss: validationLoss, learning_rate: learningRate };
    return this.events.scalars(record.epoch, values, time);
  }
}
