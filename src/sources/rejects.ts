import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import type { RowProblem } from './source.js';
import { csvCell } from './spool.js';

/** Keeps the rows that were left out, with where they stand and why, as a CSV. The file is made with the first of them. */
export class Rejects {
  private readonly path: string;
  private out: WriteStream | undefined;
  private failed: Error | undefined;
  count = 0;
  /** The first problem, as an example for messages. */
  first: RowProblem | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async add(problem: RowProblem): Promise<void> {
    this.count++;
    this.first ??= problem;
    if (this.out === undefined) {
      this.out = createWriteStream(this.path);
      this.out.on('error', (error) => (this.failed = error));
      this.out.write('file,line,column,value,reason,row\n');
    }
    const { location, line, column, value, reason, raw } = problem;
    const cells = [location, String(line), column, value, reason, raw];
    if (!this.out.write(`${cells.map(csvCell).join(',')}\n`)) await once(this.out, 'drain');
    if (this.failed !== undefined) throw this.failed;
  }

  /** Forgets what was added: the files are about to be read again. */
  async restart(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
    this.count = 0;
    this.first = undefined;
  }

  async close(): Promise<void> {
    if (this.out === undefined) return;
    this.out.end();
    if (this.failed === undefined) await once(this.out, 'close');
    if (this.failed !== undefined) throw this.failed;
    this.out = undefined;
  }
}
