import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Batcher, type BatcherOptions } from '../../../src/server/batcher.js';
import { RequestError } from '../../../src/server/request-error.js';
import type { ServedModel } from '../../../src/server/served-model.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { openPenguinModels } from '../../helpers/server.js';

let real: ServedModel;
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
  const model: ServedModel = {
    ...real,
    predictor: {
      ...real.predictor,
      async predict(table) {
        batches.push(table.rows);
        await before(table.rows);
        return real.predictor.predict(table);
      },
    },
  };
  const batcher = new Batcher(model, {
    maxBatchRows: 8,
    maxQueueRows: 1000,
    maxWait: 60_000,
    observer: { batch: () => undefined },
    ...options,
  });
  return { batcher, batches };
}

function rows(count: number, from = 0): Record<string, unknown>[] {
  return Array.from({ length: count }, (_, i) => ({ ...PENGUIN, bill_length_mm: 30 + from + i }));
}

async function direct(records: readonly Record<string, unknown>[]): Promise<unknown> {
  return real.predictor.predict(real.toTable(records));
}

describe('Batcher', () => {
  it('answers requests that arrive together in one batch, each with its own rows in order', async () => {
    const { batcher, batches } = watched({ maxBatchRows: 64 });
    const requests = [rows(3), rows(1, 50), rows(5, 9)];
    const answers = await Promise.all(requests.map((records) => batcher.predict(records, present)));
    expect(batches).toEqual([9]);
    expect(answers).toEqual(await Promise.all(requests.map(direct)));
    expect(batcher.queuedRows).toBe(0);
  });

  it('splits a request that is larger than a batch, and lets small ones take turns with it', async () => {
    const { batcher, batches } = watched();
    const finished: string[] = [];
    const large = batcher.predict(rows(40), present).then((answers) => {
      finished.push('large');
      return answers;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const small = batcher.predict(rows(2), present).then((answers) => {
      finished.push('small');
      return answers;
    });
    expect(await large).toEqual(await direct(rows(40)));
    expect(await small).toEqual(await direct(rows(2)));
    expect(finished).toEqual(['small', 'large']);
    expect(Math.max(...batches)).toBe(8);
    expect(batches.reduce((a, b) => a + b)).toBe(42);
  });

  it('fails the request with the bad row only, and counts the row from its beginning', async () => {
    const { batcher, batches } = watched();
    const bad = [...rows(11), { ...PENGUIN, 'body mass, g': 'heavy' }];
    const [one, two, three] = await Promise.allSettled([
      batcher.predict(rows(2), present),
      batcher.predict(bad, present),
      batcher.predict(rows(3), present),
    ]);
    expect(one).toEqual({ status: 'fulfilled', value: await direct(rows(2)) });
    expect(three).toEqual({ status: 'fulfilled', value: await direct(rows(3)) });
    expect(two).toMatchObject({
      status: 'rejected',
      reason: { code: 'COLUMN_VALUE', details: { row: 11, column: 'body mass, g' } },
    });
    expect(batches.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(2 + 3 + 11);
    expect(batcher.failure).toBeUndefined();
  });

  it('asks again apart when the engine fails on a batch, and remembers a failure until it works', async () => {
    let limit = 4;
    const { batcher } = watched({}, (count) =>
      count > limit ? Promise.reject(new Error('too many rows for the engine')) : Promise.resolve(),
    );
    const [small, other, large] = await Promise.allSettled([
      batcher.predict(rows(2), present),
      batcher.predict(rows(1), present),
      batcher.predict(rows(5), present),
    ]);
    expect(small).toEqual({ status: 'fulfilled', value: await direct(rows(2)) });
    expect(other.status).toBe('fulfilled');
    expect(large.status).toBe('rejected');
    expect(batcher.failure).toBeInstanceOf(Error);
    limit = 100;
    await batcher.predict(rows(5), present);
    expect(batcher.failure).toBeUndefined();
  });

  it('refuses with 503 and Retry-After what would exceed the queue, but never a request alone', async () => {
    const { batcher } = watched({ maxQueueRows: 10 });
    const alone = batcher.predict(rows(25), present);
    const refused = batcher.predict(rows(1), present);
    await expect(refused).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
    expect(await alone).toHaveLength(25);
    expect(await batcher.predict(rows(1), present)).toHaveLength(1);
    expect(batcher.queuedRows).toBe(0);
  });

  it('gives up with 504 a request whose turn comes too late', async () => {
    const slow = watched({ maxBatchRows: 1, maxWait: 20 }, () => new Promise((done) => setTimeout(done, 30)));
    const [first, second] = await Promise.allSettled([
      slow.batcher.predict(rows(1), present),
      slow.batcher.predict(rows(1), present),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { status: 504 } });
    expect(slow.batches).toEqual([1]);
    expect(slow.batcher.queuedRows).toBe(0);
  });

  it('does no work for a client that went away', async () => {
    const { batcher, batches } = watched();
    const gone = batcher.predict(rows(30), () => true);
    const here = batcher.predict(rows(2), present);
    await expect(gone).rejects.toBeInstanceOf(RequestError);
    expect(await here).toHaveLength(2);
    expect(batches).toEqual([2]);
    expect(batcher.queuedRows).toBe(0);
  });

  it('is idle when everything is answered', async () => {
    const { batcher } = watched();
    let answered = 0;
    for (let i = 0; i < 5; i++) void batcher.predict(rows(7), present).then(() => answered++);
    await batcher.idle();
    expect(answered).toBe(5);
    await batcher.idle();
  });
});
