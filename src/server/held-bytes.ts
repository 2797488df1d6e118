import { RequestError } from './request-error.js';

/** How many of the largest bodies are held at once. */
const LARGEST_AT_ONCE = 8;

/** Bytes of every body that are taken whatever is held, so that large bodies cannot keep out small ones. */
const ALWAYS_TAKEN = 64 * 1024;

export interface HeldLimits {
  /** Bytes of one body, as sent and decompressed. */
  readonly maxBodyBytes: number;
  /** Bytes of all bodies that have arrived, in whole or in part, and are not answered. Default: eight of the largest. */
  readonly maxHeldBytes?: number | undefined;
}

/** What is held of one body. */
export interface Hold {
  /** Whether a body may be so many bytes long by now; if so, it is held, else it is as before. */
  resize(bytes: number): boolean;
  letGo(): void;
}

/** The bodies that a process holds, of all protocols: no more of them at once than memory is meant for. */
export class HeldBytes {
  private readonly most: number;
  private held = 0;

  constructor({ maxBodyBytes, maxHeldBytes }: HeldLimits) {
    this.most = maxHeldBytes ?? maxBodyBytes * LARGEST_AT_ONCE;
  }

  /** @param onHeld is called before the first bytes are counted, so that somebody sees to it that they are let go. */
  hold(onHeld: () => void): Hold {
    let counted = 0;
    let known = false;
    const count = (bytes: number): void => {
      this.held += bytes - counted;
      counted = bytes;
    };
    return {
      resize: (bytes) => {
        const beyond = Math.max(0, bytes - ALWAYS_TAKEN);
        if (beyond > counted && this.held + beyond - counted > this.most) return false;
        if (beyond > 0 && !known) {
          known = true;
          onHeld();
        }
        count(beyond);
        return true;
      },
      letGo: () => count(0),
    };
  }
}

export function tooMuchHeld(): RequestError {
  return new RequestError(503, 'OVERLOADED', 'The server has its hands full of large requests.', {
    hint: 'Try again later, or send fewer rows in a request.',
    headers: { 'Retry-After': '1' },
  });
}
