import { createHash } from 'node:crypto';
import { hostname } from 'node:os';

/** This machine in names of files: eight characters that say nothing about it. */
export const HOST_MARK = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/** Whether a process of this machine is there, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
