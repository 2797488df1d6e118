import type { Readable, Writable } from 'node:stream';

/** The process as the program sees it, so that tests can give their own. */
export interface Host {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Fires when the user interrupts. */
  readonly signal: AbortSignal;
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number };

export function isTerminal(stream: Readable | Writable): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

/** Colours: only on a terminal that can show them and whose user did not say no (https://no-color.org). */
export function wantsColor(stream: Writable, env: Host['env'], noColor: boolean): boolean {
  if (noColor || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb') return false;
  return isTerminal(stream);
}

/** A live line that is redrawn: as colours, and never in CI, where a log keeps every redraw. */
export function wantsAnimation(stream: Writable, env: Host['env'], noColor: boolean): boolean {
  return wantsColor(stream, env, noColor) && ['', 'false', '0'].includes(env['CI'] ?? '');
}

export function widthOf(stream: Writable): number {
  const columns = (stream as Stream).columns;
  return columns !== undefined && columns >= 40 ? columns : 80;
}
