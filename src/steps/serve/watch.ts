import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two looks at the registry. */
const INTERVAL = 1_000;

/**
 * Calls `look` every second until the signal fires, never twice at once. The registry is asked rather than the
 * operating system's file events, which network file systems and mounted volumes do not send.
 */
export async function watch(look: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await sleep(INTERVAL, undefined, { signal, ref: false });
    } catch {
      return;
    }
    await look();
  }
}
