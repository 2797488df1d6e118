import fc from '../../helpers/property.js';
import { describe, expect, it } from 'vitest';
import { openAccess } from '../../../src/server/access/access.js';
import { Batcher } from '../../../src/server/batcher.js';
import { RequestError } from '../../../src/server/request-error.js';
import { Scheduler } from '../../../src/server/scheduler.js';
import type { TensorModel } from '../../../src/server/served-model.js';
import type { Tensors } from '../../../src/server/tensors/tensor.js';

/** A model that answers every number with its double, after a while, and sometimes fails. */
function doubling(name: string, fails: (batch: number) => boolean): TensorModel {
  let batches = 0;
  const spec = { name: 'x', datatype: 'FP32', shape: [-1] } as const;
  return {
    kind: 'tensors',
    platform: 'onnxruntime_onnx',
    name,
    version: 1,
    labels: [],
    example: {},
    exampleTensors: tensor([1]),
    inputTensors: [spec],
    outputTensors: [spec],
    batchable: true,
    async run(inputs) {
      const batch = batches++;
      if (batch % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (fails(batch)) throw new Error(`batch ${batch} failed`);
      return tensor(numbers(inputs).map((value) => value * 2));
    },
    dispose: () => Promise.resolve(),
  };
}

function tensor(values: readonly number[]): Tensors {
  return { x: { datatype: 'FP32', shape: [values.length], values: Float32Array.from(values) } };
}

function numbers(tensors: Tensors): number[] {
  return Array.from(tensors.x?.values as Float32Array);
}

const request = fc.record({
  rows: fc.integer({ min: 1, max: 90 }),
  model: fc.integer({ min: 0, max: 2 }),
  /** Turns of the event loop before it is asked. */
  after: fc.integer({ min: 0, max: 12 }),
  /** Turns after which nobody waits any more. */
  patience: fc.option(fc.integer({ min: 0, max: 10 })),
  /** Milliseconds until it is of no use. */
  deadline: fc.option(fc.integer({ min: 0, max: 4 })),
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a queue of requests for several models', () => {
  it('gives every request its own rows in order or one honest error, and nothing is left behind', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 }),
        async (requests, maxBatchRows, maxQueueRows, failing) => {
          const scheduler = new Scheduler();
          const largest: number[] = [];
          const batchers = [0, 1, 2].map(
            (model) =>
              new Batcher(
                doubling(`m${model}`, (batch) => failing.includes(batch)),
                {
                  maxBatchRows,
                  maxQueueRows,
                  maxWait: 10_000,
                  scheduler,
                  background: model === 2,
                  observer: { batch: (rows) => largest.push(rows) },
                },
              ),
          );
          const outcomes = await Promise.all(
            requests.map(async ({ rows, model, after, patience, deadline }, index) => {
              for (let i = 0; i < after; i++) await turn();
              let gone = false;
              if (patience !== null) {
                void (async () => {
                  for (let i = 0; i < patience; i++) await turn();
                  gone = true;
                })();
              }
              const values = Array.from({ length: rows }, (_, row) => index * 1000 + row);
              try {
                const answer = await (batchers[model] as Batcher).run(tensor(values), rows, {
                  access: openAccess(),
                  abandoned: () => gone,
                  deadline: deadline === null ? undefined : performance.now() + deadline,
                });
                expect(numbers(answer)).toEqual(values.map((value) => value * 2));
                return 200;
              } catch (error) {
                if (error instanceof RequestError) return error.status;
                expect((error as Error).message).toMatch(/^batch \d+ failed$/);
                return 500;
              }
            }),
          );
          await Promise.all(batchers.map((batcher) => batcher.idle()));
          await scheduler.idle();
          expect(batchers.map((batcher) => [batcher.queuedRows, batcher.pending])).toEqual(
            Array.from({ length: 3 }, () => [0, false]),
          );
          expect(Math.max(0, ...largest)).toBeLessThanOrEqual(maxBatchRows);
          const possible = new Set([200, 503]);
          if (failing.length > 0) possible.add(500);
          if (requests.some(({ patience }) => patience !== null)) possible.add(499);
          if (requests.some(({ deadline }) => deadline !== null)) possible.add(504);
          expect(outcomes.filter((status) => !possible.has(status))).toEqual([]);
          const untroubled = requests.every(
            ({ patience, deadline }) => patience === null && deadline === null,
          );
          const total = requests.reduce((sum, { rows }) => sum + rows, 0);
          if (untroubled && total <= maxQueueRows && failing.length === 0) {
            expect(new Set(outcomes)).toEqual(new Set([200]));
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('fair scheduling', () => {
  it('answers a small request for one model while another has far more to do', async () => {
    const scheduler = new Scheduler();
    const of = (name: string): Batcher =>
      new Batcher(
        doubling(name, () => false),
        {
          maxBatchRows: 16,
          maxQueueRows: 1_000_000,
          maxWait: 60_000,
          scheduler,
          observer: { batch: () => undefined },
        },
      );
    const [busy, quiet] = [of('busy'), of('quiet')];
    const asking = { access: openAccess(), abandoned: () => false };
    let answered = 0;
    const flood = Array.from({ length: 400 }, () =>
      busy.run(tensor(Array.from({ length: 32 }, () => 1)), 32, asking).then(() => answered++),
    );
    await turn();
    await turn();
    await quiet.run(tensor([1]), 1, asking);
    expect(answered).toBeLessThan(40);
    await Promise.all(flood);
  });
});
