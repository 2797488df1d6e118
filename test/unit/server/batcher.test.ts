import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccess } from '../../../src/server/access/access.js';
import { Batcher, type BatcherOptions } from '../../../src/server/batcher.js';
import { RequestError } from '../../../src/server/request-error.js';
import { Scheduler } from '../../../src/server/scheduler.js';
import type { ColumnModel } from '../../../src/server/served-model.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels } from '../../helpers/server.js';

let real: ColumnModel;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  [, , real] = opened.models;
  dispose = opened.dispose;
});
afterAll(() => dispose());

const present = (): boolean => false;

/** The real model behind a batcher, with a record of the batches that reached the engine. */
function watched(
  options: Partial<BatcherOptions> = {},
  before: (rows: number) => Promise<void> = async () => {},
) {
  const batches: number[] = [];
  const model: ColumnModel = {
    ...real,
    async run(inputs) {
      const [rows = NaN] = inputs.features?.shape ?? [];
      batches.push(rows);
      await before(rows);
      return real.run(inputs);
    },
  };
  const batcher = new Batcher(model, {
    maxBatchRows: 8,
    maxQueueRows: 1000,
    maxWait: 60_000,
    observer: { batch: () => undefined },
    scheduler: new Scheduler(),
    ...options,
  });
  return { batcher, batches };
}

function rows(count: number, from = 0): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) => ({ ...PENGUIN, bill_length_mm: 30 + from + i }));
}

async function direct(records: readonly Record<string, unknown>[]): Promise<number[]> {
  return Array.from(await real.predictor.scores(real.toTable(records)));
}

/** What a batcher answers to some rows. */
async function ask(
  batcher: Batcher,
  records: readonly Record<string, unknown>[],
  abandoned = present,
): Promise<number[]> {
  const outputs = await batcher.run(real.encode(real.toTable(records)), records.length, {
    access: openAccess(),
    abandoned,
  });
  return Array.from(outputs.scores?.values as Float32Array);
}

describe('Batcher', () => {
  it('answers requests that arrive together in one batch, each with its own rows in order', async () => {
    const { batcher, batches } = watched({ maxBatchRows: 64 });
    const requests = [rows(3), rows(1, 50), rows(5, 9)];
    const answers = await Promise.all(requests.map((records) => ask(batcher, records)));
    expect(batches).toEqual([9]);
    expect(answers).toEqual(await Promise.all(requests.map(direct)));
    expect(batcher.queuedRows).toBe(0);
  });

  it('splits a request that is larger than a batch, and lets small ones take turns with it', async () => {
    const { batcher, batches } = watched();
    const finished: string[] = [];
    const large = ask(batcher, rows(40)).then((answers) => {
      finished.push('large');
      return answers;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const small = ask(batcher, rows(2)).then((answers) => {
      finished.push('small');
      return answers;
    });
    expect(await large).toEqual(await direct(rows(40)));
    expect(await small).toEqual(await direct(rows(2)));
    expect(finished).toEqual(['small', 'large']);
    expect(Math.max(...batches)).toBe(8);
    expect(batches.reduce((a, b) => a + b)).toBe(42);
  });

  it('asks again apart when the engine fails on a batch, and remembers a failure until it works', async () => {
    let limit = 4;
    const { batcher } = watched({}, (count) =>
      count > limit ? Promise.reject(new Error('too many rows for the engine')) : Promise.resolve(),
    );
    const [small, other, large] = await Promise.allSettled([
      ask(batcher, rows(2)),
      ask(batcher, rows(1)),
      ask(batcher, rows(5)),
    ]);
    expect(small).toEqual({ status: 'fulfilled', value: await direct(rows(2)) });
    expect(other.status).toBe('fulfilled');
    expect(large.status).toBe('rejected');
    expect(batcher.failure).toBeInstanceOf(Error);
    limit = 100;
    await ask(batcher, rows(5));
    expect(batcher.failure).toBeUndefined();
  });

  it('refuses with 503 and Retry-After what would exceed the queue, but never a request alone', async () => {
    const { batcher } = watched({ maxQueueRows: 10 });
    const alone = ask(batcher, rows(25));
    const refused = ask(batcher, rows(1));
    await expect(refused).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(await alone).toHaveLength(25);
    expect(await ask(batcher, rows(1))).toHaveLength(1);
    expect(batcher.queuedRows).toBe(0);
  });

  it('gives up with 504 a request whose turn comes too late', async () => {
    const slow = watched({ maxBatchRows: 1, maxWait: 20 }, () => new Promise((done) => setTimeout(done, 30)));
    const [first, second] = await Promise.allSettled([
      ask(slow.batcher, rows(1)),
      ask(slow.batcher, rows(1)),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { status: 504 } });
    expect(slow.batches).toEqual([1]);
    expect(slow.batcher.queuedRows).toBe(0);
  });

  it('does no work for a client that went away', async () => {
    const { batcher, batches } = watched();
    const gone = ask(batcher, rows(30), () => true);
    const here = ask(batcher, rows(2));
    await expect(gone).rejects.toBeInstanceOf(RequestError);
    expect(await here).toHaveLength(2);
    expect(batches).toEqual([2]);
    expect(batcher.queuedRows).toBe(0);
  });

  it('is idle when everything is answered', async () => {
    const { batcher } = watched();
    let answered = 0;
    for (let i = 0; i < 5; i++) void ask(batcher, rows(7)).then(() => answered++);
    await batcher.idle();
    expect(answered).toBe(5);
    await batcher.idle();
  });
});
