import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochRecord } from '../training/plan.js';
import { EventFile } from '../training/tensorboard.js';
import { writeFileAtomic } from '../workspace/atomic.js';

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

  /** Starts the log with the epochs that a checkpoint remembers; lines after it are of a future that is run anew. */
  static async open(folder: string, history: readonly EpochRecord[]): Promise<RunLog> {
    const path = join(folder, 'metrics.jsonl');
    await writeFileAtomic(path, history.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const board = join(folder, 'tensorboard');
    await mkdir(board, { recursive: true });
    const log = new RunLog(path, new EventFile(board));
    log.last = history.at(-1);
    return log;
  }

  async add(record: EpochRecord): Promise<void> {
    this.last = record;
    await appendFile(this.path, `${JSON.stringify(record)}\n`);
    await this.events.scalars(record.epoch, {
      loss: record.loss,
      validation_loss: record.validationLoss,
      learning_rate: record.learningRate,
    });
  }
}
