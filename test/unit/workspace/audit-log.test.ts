import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from '../../helpers/property.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry, AuditEvent } from '../../../src/core/audit.js';
import { AuditLog, type AuditReport } from '../../../src/workspace/audit-log.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import { temporaryFolder } from '../../helpers/cli.js';

const EVENT: AuditEvent = {
  actor: 'user a@b',
  action: 'keys.create',
  target: 'x',
  result: 'ok',
  details: { n: 1 },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let log: AuditLog;
let head: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  log = new AuditLog(new Workspace(folder.path));
  head = join(folder.path, 'audit', 'head.json');
});
afterEach(() => folder.dispose());

async function readAll(): Promise<{ entries: AuditEntry[]; report: AuditReport }> {
  const iterator = log.entries();
  const entries: AuditEntry[] = [];
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return { entries, report: next.value };
    entries.push(next.value);
  }
}

async function write(count: number): Promise<string[]> {
  for (let i = 0; i < count; i++) await log.append([{ ...EVENT, target: `t${i}` }]);
  return (await readFile(log.path, 'utf8')).trimEnd().split('\n');
}

const put = (lines: readonly string[]): Promise<void> =>
  writeFile(log.path, lines.map((line) => `${line}\n`).join(''));

describe('an audit log', () => {
  it('is empty before anything was done', async () => {
    expect((await readAll()).report).toMatchObject({ entries: 0, notes: [] });
  });

  it('keeps what was done, in order, for its owner only', async () => {
    await write(2);
    await log.append([EVENT, { ...EVENT, action: 'keys.revoke' }]);
    const { entries, report } = await readAll();
    expect(entries.map(({ seq, action, target }) => [seq, action, target])).toEqual([
      [1, 'keys.create', 't0'],
      [2, 'keys.create', 't1'],
      [3, 'keys.create', 'x'],
      [4, 'keys.revoke', 'x'],
    ]);
    expect(report).toMatchObject({ entries: 4, sealed: true, notes: [], head: { seq: 4 } });
    for (const path of [log.path, head, join(folder.path, 'access', 'audit.key')]) {
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it('finds any change of any byte, naming the line', async () => {
    const lines = await write(4);
    const text = `${lines.join('\n')}\n`;
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), async (at, by) => {
        const bytes = Buffer.from(text);
        bytes[at] = (bytes[at] as number) ^ by;
        await writeFile(log.path, bytes);
        const line = text.slice(0, at).split('\n').length;
        const problem = await readAll().catch((error: unknown) => error as Error);
        expect(problem).toMatchObject({ code: 'ARTIFACT_CORRUPT' });
        const named = Number(/line (\d+)/.exec((problem as Error).message)?.[1]);
        // A line that swallowed its newline takes the next with it.
        expect([line, line + 1]).toContain(named);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a line removed', (lines: string[]) => lines.filter((_, i) => i !== 1), /line 2 has number 3 where 2/],
    ['two lines exchanged', ([a, b, c, d]: string[]) => [a, c, b, d] as string[], /line 2 has number 3/],
    ['a line twice', ([a, b, c, d]: string[]) => [a, b, b, c, d] as string[], /line 3 has number 2/],
    [
      'its end cut off',
      (lines: string[]) => lines.slice(0, 3),
      /line 4 is missing: the log had 4 lines, and has 3/,
    ],
    ['everything cut off', () => [], /line 1 is missing/],
    [
      'a space more',
      ([a = '', ...rest]: string[]) => [a.replace(',', ', '), ...rest],
      /line 1 is not written as/,
    ],
  ])('finds %s', async (_, spoil, message) => {
    await put(spoil(await write(4)));
    await expect(readAll()).rejects.toThrow(message);
    // And also after something else was done, which must not hide it.
    await log.append([EVENT]);
    await expect(readAll()).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  it('finds a log that somebody without the key wrote anew', async () => {
    await write(3);
    const other = await temporaryFolder();
    try {
      const forged = new AuditLog(new Workspace(other.path));
      await forged.append([EVENT, EVENT, EVENT]);
      await writeFile(log.path, await readFile(forged.path));
      await expect(readAll()).rejects.toThrow(/line 1 was not written by this workspace: its seal is wrong/);
      await writeFile(head, await readFile(join(other.path, 'audit', 'head.json')));
      await expect(readAll()).rejects.toThrow(/The head of the audit log was changed/);
    } finally {
      await other.dispose();
    }
  });

  it('finds that its head is gone, and says so even after more was done', async () => {
    await write(3);
    await rm(head);
    await expect(readAll()).rejects.toThrow(/the head of the log is gone/);
    await log.append([EVENT]);
    const { report } = await readAll();
    expect(report.entries).toBe(5);
    expect(report.notes).toEqual([expect.stringContaining('Line 4: the head of the log had been removed')]);
  });

  it('can be read without the key, but for its seals', async () => {
    await write(2);
    await rm(join(folder.path, 'access', 'audit.key'));
    expect((await readAll()).report).toMatchObject({ entries: 2, sealed: false });
  });
});

describe('a process that was killed while it wrote', () => {
  it('before the head: its lines count', async () => {
    await write(2);
    const before = await readFile(head);
    await write(1);
    await writeFile(head, before);
    expect((await readAll()).report).toMatchObject({ entries: 3, notes: [] });
    await log.append([EVENT]);
    expect((await readAll()).report.entries).toBe(4);
  });

  it('in the middle of a line: the next entry takes its place', async () => {
    const lines = await write(2);
    await appendFile(log.path, (lines[0] ?? '').slice(0, 50));
    const { report } = await readAll();
    expect(report).toMatchObject({ entries: 2 });
    expect(report.notes).toEqual([expect.stringContaining('not written to its end')]);
    await log.append([EVENT]);
    expect((await readAll()).report).toMatchObject({ entries: 3, notes: [] });
  });

  it('is told from a line that was cut off afterwards', async () => {
    await write(3);
    await truncate(log.path, (await stat(log.path)).size - 20);
    await expect(readAll()).rejects.toThrow(/line 3 is missing/);
  });
});

it('is written by several processes at once without a break', async () => {
  const module = fileURLToPath(new URL('../../../src/workspace/audit-log.ts', import.meta.url));
  const workspace = fileURLToPath(new URL('../../../src/workspace/workspace.ts', import.meta.url));
  const script = `
    const { AuditLog } = await import(${JSON.stringify(module)});
    const { Workspace } = await import(${JSON.stringify(workspace)});
    const log = new AuditLog(new Workspace(${JSON.stringify(folder.path)}));
    for (let i = 0; i < 10; i++) await log.append([${JSON.stringify(EVENT)}]);`;
  const codes = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const argv = ['--import', 'tsx', '--input-type=module', '-e', script];
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
      const [code] = (await once(child, 'exit')) as [number];
      return code;
    }),
  );
  expect(codes).toEqual([0, 0, 0]);
  expect((await readAll()).report).toMatchObject({ entries: 30, notes: [] });
});
