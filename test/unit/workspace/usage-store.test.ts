import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from '../../helpers/property.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UsageEntry } from '../../../src/core/usage.js';
import { UsageLedger } from '../../../src/server/access/usage-ledger.js';
import { UsageStore } from '../../../src/workspace/usage-store.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import { temporaryFolder } from '../../helpers/cli.js';

const ENTRY: UsageEntry = {
  key: 'k',
  model: 'penguins',
  version: 1,
  requests: 3,
  errors: 1,
  rows: 10,
  computeSeconds: 0.5,
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let store: UsageStore;

beforeEach(async () => {
  folder = await temporaryFolder();
  store = new UsageStore(new Workspace(folder.path));
});
afterEach(() => folder.dispose());

describe('UsageStore', () => {
  it('adds up the files of all servers, and leaves one out', async () => {
    await store.write('2026-01-31', 'a', [ENTRY]);
    await store.write('2026-01-31', 'b', [{ ...ENTRY, rows: 7 }]);
    await store.write('2026-02-01', 'a', [ENTRY]);
    expect((await store.read('2026-01-31')).map(({ rows }) => rows)).toEqual([10, 7]);
    expect((await store.read('2026-01-31', 'b')).map(({ rows }) => rows)).toEqual([10]);
    await store.write('2026-01-31', 'a', [{ ...ENTRY, rows: 11 }]);
    expect((await store.read('2026-01-31')).map(({ rows }) => rows)).toEqual([11, 7]);
    expect(await store.days('2026-01-01', '2026-01-31')).toEqual(['2026-01-31']);
    expect(await store.read('2020-01-01')).toEqual([]);
  });

  it('is for its owner only', async () => {
    await store.write('2026-01-31', 'a', [ENTRY]);
    expect((await stat(join(folder.path, 'usage'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder.path, 'usage/2026-01-31/a.json'))).mode & 0o777).toBe(0o600);
  });

  it.each([
    '',
    '{}',
    '{"schemaVersion":1,"entries":[{"key":"k"}]}',
    '{"schemaVersion":1,"entries":[{"rows":-1}]}',
  ])('refuses a damaged file: %j', async (text) => {
    await store.write('2026-01-31', 'a', [ENTRY]);
    await writeFile(join(folder.path, 'usage/2026-01-31/a.json'), text);
    await expect(store.read('2026-01-31')).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});

describe('UsageLedger', () => {
  it('loses and doubles nothing, whenever it is written', () => {
    const charge = fc.record({
      key: fc.constantFrom('a', 'b'),
      model: fc.constantFrom('x', 'y'),
      version: fc.constantFrom(null, 1),
      rows: fc.nat(100),
      pause: fc.integer({ min: 0, max: 80_000_000 }),
      written: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(charge, { maxLength: 60 }), (charges) => {
        const ledger = new UsageLedger();
        const files = new Map<string, readonly UsageEntry[]>();
        let now = Date.UTC(2026, 0, 1);
        for (const { rows, pause, written, ...about } of charges) {
          now += pause;
          ledger.add({ ...about, counts: { requests: 1, errors: 0, rows, computeSeconds: 0 } }, now);
          if (!written) continue;
          for (const [day, entries] of ledger.takeChanged()) files.set(day, entries);
          ledger.forgetBefore(new Date(now).toISOString().slice(0, 10));
        }
        for (const [day, entries] of ledger.takeChanged()) files.set(day, entries);
        const entries = [...files.values()].flat();
        const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
        expect(sum(entries.map(({ requests }) => requests))).toBe(charges.length);
        expect(sum(entries.map(({ rows }) => rows))).toBe(sum(charges.map(({ rows }) => rows)));
      }),
    );
  });

  it('gives a day again that could not be written', () => {
    const ledger = new UsageLedger();
    const counts = { requests: 1, errors: 0, rows: 1, computeSeconds: 0 };
    ledger.add({ key: 'a', model: 'x', version: null, counts }, Date.UTC(2026, 0, 1));
    const [[day] = ['']] = ledger.takeChanged();
    ledger.putBack(day);
    ledger.forgetBefore('2026-02-01');
    expect(ledger.takeChanged()).toHaveLength(1);
  });
});
