import process from 'node:process';
import type { Writable } from 'node:stream';
import { EXIT } from './core/error-codes.js';
import { main } from './main.js';

/** A reader that went away (`aimaas … | head`) is no failure. Output that cannot be written otherwise is. */
function endQuietlyOnBrokenPipe(stream: Writable): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.bug);
  });
}

/** The first signal lets the command end well; the second ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
      if (process.stderr.isTTY) process.stderr.write('\nStopping … (Ctrl-C again to stop at once)\n');
    });
  }
  return controller.signal;
}

/** Waits until what was written has been handed over: process.exit does not. */
async function flush(stream: Writable): Promise<void> {
  await new Promise<void>((resolve) => stream.write('', () => resolve()));
}

/** Runs the program as this process: its arguments, streams, signals and exit code. */
export async function runProcess(): Promise<void> {
  endQuietlyOnBrokenPipe(process.stdout);
  endQuietlyOnBrokenPipe(process.stderr);
  const code = await main(process.argv.slice(2), {
    // Opening it costs time that most commands need not spend.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signal: interruption(),
  });
  await flush(process.stdout);
  await flush(process.stderr);
  process.exit(code);
}
