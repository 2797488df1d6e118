import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../../../src/core/json.js';
import { ProcessPool } from '../../../src/search/pool.js';

const entry = fileURLToPath(new URL('worker.fixture.mjs', import.meta.url));
const noAnswer = (): Json => null;

let pool: ProcessPool | undefined;

function poolOf(jobs: number, grace = 20_000): ProcessPool {
  pool = new ProcessPool({ entry, jobs, grace });
  return pool;
}

afterEach(() => pool?.dispose());

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let i = 0; i < 600 && isAlive(pid); i++) await sleep(50);
  expect(isAlive(pid)).toBe(false);
}

/** A running task that waits, and the process it waits in. */
async function waiting(
  processes: ProcessPool,
  how: 'wait' | 'hang',
): Promise<{ end: ReturnType<ProcessPool['run']>; pid: number }> {
  let end: ReturnType<ProcessPool['run']> | undefined;
  const pid = await new Promise<number>((resolve) => {
    end = processes.run({ do: how }, (asked) => {
      resolve(Number(asked));
      return null;
    });
  });
  return { end: end as ReturnType<ProcessPool['run']>, pid };
}

describe('a pool of processes', () => {
  it('gives results, one process doing one task after another', async () => {
    const processes = poolOf(1);
    const first = await processes.run({ do: 'answer', value: 4 }, noAnswer);
    const second = await processes.run({ do: 'answer', value: 5 }, noAnswer);
    expect(first).toMatchObject({ end: 'result', result: { twice: 8 } });
    expect(second).toMatchObject({ end: 'result', result: { twice: 10 } });
    if (first.end === 'result' && second.end === 'result') {
      expect((first.result as { pid: number }).pid).toBe((second.result as { pid: number }).pid);
      expect((first.result as { pid: number }).pid).not.toBe(process.pid);
    }
  });

  it('answers what a task asks', async () => {
    const end = await poolOf(1).run({ do: 'ask' }, (question) => Number(question) * 100);
    expect(end).toEqual({ end: 'result', result: [100, 200] });
  });

  it('tells errors and crashes apart, and goes on after either', async () => {
    const processes = poolOf(1);
    expect(await processes.run({ do: 'throw' }, noAnswer)).toEqual({
      end: 'error',
      code: 'INTERNAL',
      message: 'this went wrong',
    });
    expect(await processes.run({ do: 'exit' }, noAnswer)).toEqual({
      end: 'crashed',
      message: 'The worker process ended with exit code 7. Error: out of something',
    });
    expect(await processes.run({ do: 'kill' }, noAnswer)).toEqual({
      end: 'crashed',
      message: 'The worker process was killed by SIGKILL.',
    });
    expect(await processes.run({ do: 'answer', value: 1 }, noAnswer)).toMatchObject({ end: 'result' });
  });

  it('says so when the script of the processes is not there', async () => {
    const processes = new ProcessPool({ entry: '/no/such/script.js', jobs: 1, grace: 1000 });
    const end = await processes.run({}, noAnswer);
    expect(end).toMatchObject({ end: 'crashed' });
    expect((end as { message: string }).message).toContain('/no/such/script.js');
    await processes.dispose();
  });

  it('lets a task end well when interrupted, and kills one that does not', async () => {
    const processes = poolOf(1);
    const good = await waiting(processes, 'wait');
    processes.interrupt();
    expect(await good.end).toEqual({ end: 'result', result: 'ended well' });
    await processes.dispose();
    const impatient = poolOf(1, 50);
    const bad = await waiting(impatient, 'hang');
    impatient.interrupt();
    expect(await bad.end).toEqual({ end: 'crashed', message: 'The worker process was killed by SIGKILL.' });
  });

  it('takes no more tasks than it has processes', async () => {
    const processes = poolOf(1);
    const { pid } = await waiting(processes, 'wait');
    await expect(processes.run({ do: 'answer', value: 1 }, noAnswer)).rejects.toThrow(RangeError);
    await processes.dispose();
    await untilGone(pid);
  });

  it('leaves no process behind when its own is killed', async () => {
    const script = fileURLToPath(new URL('pool-parent.fixture.mjs', import.meta.url));
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(pid);
  });
});
