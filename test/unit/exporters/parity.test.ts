import { describe, expect, it } from 'vitest';
import type { TargetState } from '../../../src/core/artifacts.js';
import { type Column, stringColumn, type Table } from '../../../src/core/table.js';
import { checkParity, type LoadedExport, probeRows } from '../../../src/exporters/index.js';
import { TARGETS } from '../../helpers/export-model.js';

const [binary, , regression] = TARGETS as readonly [TargetState, TargetState, TargetState];
const rows: Table = {
  rows: 3,
  columns: new Map([['x', { storage: 'number', values: Float64Array.of(1, NaN, 3) }]]),
};
const truth = Float32Array.of(0.25, 0.75, 0.5, 0.5, 1, 0);

/** A loaded export that answers with given numbers; for a single row, with the first of them. */
function answering(scores: Float32Array, labels: readonly string[] | null, width = 2): LoadedExport {
  return {
    runtime: 'test',
    answer: (table) =>
      Promise.resolve({
        scores: scores.slice(0, table.rows === 1 ? width : scores.length),
        labels: labels?.slice(0, table.rows) ?? null,
      }),
    dispose: () => Promise.resolve(),
  };
}
const check = (
  scores: Float32Array,
  labels: readonly string[] | null = null,
): ReturnType<typeof checkParity> =>
  checkParity('onnx', answering(scores, labels), binary, rows, truth, 1e-4);

describe('an export that answers', () => {
  it('as the run does passes, and how near it came is kept', async () => {
    const near = Float32Array.from(truth);
    near[2] = 0.50005;
    expect(await check(near, ['sí "1"', 'sí "1"', 'no'])).toMatchObject({
      rows: 3,
      tolerance: 1e-4,
      checkedWith: 'test',
    });
    expect((await check(near)).maximumDifference).toBeCloseTo(5e-5, 7);
  });

  it('something else is refused with the row, what came and what was expected', async () => {
    const wrong = Float32Array.from(truth);
    wrong[3] = 0.6;
    const error = await check(wrong).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'EXPORT_MISMATCH',
      exitCode: 4,
      details: { format: 'onnx', row: { x: null }, expected: [0.5, 0.5] },
    });
  });

  it.each([
    ['NaN', Float32Array.of(0.25, NaN, 0.5, 0.5, 1, 0)],
    ['Infinity', Float32Array.of(0.25, 0.75, 0.5, 0.5, Infinity, 0)],
  ])('%s is refused', async (_, scores) => {
    await expect(check(scores)).rejects.toMatchObject({ code: 'EXPORT_MISMATCH' });
  });

  it('too few or too many numbers is refused', async () => {
    await expect(check(truth.slice(0, 4))).rejects.toThrow(/4 numbers for 3 rows; expected 6/);
  });

  it('the wrong label is refused, but not where two classes are equal', async () => {
    await expect(check(truth, ['sí "1"', 'no', 'no'])).resolves.toBeDefined();
    await expect(check(truth, ['no', 'no', 'no'])).rejects.toThrow(
      /labels a row "no", which has probability 0.25 of 0.75/,
    );
    await expect(check(truth, ['sí "1"', 'no', 'nö'])).rejects.toMatchObject({ code: 'EXPORT_MISMATCH' });
  });

  it('differently for a single row than for the same row among others is refused', async () => {
    const batchBound: LoadedExport = {
      ...answering(truth, null),
      answer: (table) =>
        Promise.resolve({ scores: table.rows === 1 ? Float32Array.of(0.75, 0.25) : truth, labels: null }),
    };
    await expect(checkParity('tfjs', batchBound, binary, rows, truth, 1e-4)).rejects.toMatchObject({
      code: 'EXPORT_MISMATCH',
    });
  });

  it('values is judged relative to how far the target spreads', async () => {
    const own = Float32Array.of(250, 290, 1e6);
    const off = (difference: number): LoadedExport =>
      answering(Float32Array.of(250 + difference, 290, 1e6 + 50), null, 1);
    await expect(checkParity('onnx', off(0.003), regression, rows, own, 1e-4)).resolves.toBeDefined();
    await expect(checkParity('onnx', off(0.005), regression, rows, own, 1e-4)).rejects.toThrow(
      /1.25e-4|0.000125/,
    );
  });
});

describe('rows to check on', () => {
  const schema = {
    columns: ['n', 'c'].map((name) => ({
      name,
      kind: name === 'n' ? ('number' as const) : ('category' as const),
      reason: '',
      dataType: '',
    })),
    target: null,
  };
  const real: Table = {
    rows: 2,
    columns: new Map<string, Column>([
      ['n', { storage: 'number' as const, values: Float64Array.of(1, 5) }],
      ['c', stringColumn(['a', null])],
    ]),
  };

  it('are the real ones, then each column missing, text never seen, numbers far out, and nothing at all', () => {
    const probes = probeRows(schema, real);
    const n = probes.columns.get('n');
    const c = probes.columns.get('c');
    expect(n?.storage === 'number' ? [...n.values] : []).toEqual([1, 5, NaN, NaN, 1, 5, 17]);
    const texts = c?.storage === 'string' ? Array.from(c.codes, (code) => c.dictionary[code] ?? null) : [];
    expect(texts.slice(0, 5)).toEqual(['a', null, null, null, null]);
    expect(['a', null, undefined]).not.toContain(texts[5]);
    expect(probes.rows).toBe(7);
  });

  it('leave the real ones as they were', () => {
    const before = structuredClone(real);
    probeRows(schema, real);
    expect(real).toEqual(before);
  });
});
