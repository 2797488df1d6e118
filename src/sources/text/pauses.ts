/** Nothing more has come for so long (ms): a pause. What is read at full speed comes sooner. */
const IDLE = 5;
/** Whoever writes without a pause gets an answer after so long (ms). */
const LONGEST_WAIT = 100;

const NOTHING = new Uint8Array(0);

/**
 * The pieces of a stream, with an empty one where it pauses, so that what has been read can be answered before more comes;
 * and one every now and then where it does not.
 */
export async function* withPauses(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  /** When the first piece came that no pause has followed. */
  let since: number | undefined;
  for (;;) {
    const next = iterator.next();
    if (since !== undefined && (Date.now() - since >= LONGEST_WAIT || !(await comesWithin(next, IDLE)))) {
      since = undefined;
      // Whether it fails is learnt below.
      next.catch(() => undefined);
      yield NOTHING;
    }
    const piece = await next;
    if (piece.done === true) return;
    since ??= Date.now();
    yield piece.value;
  }
}

/** Whether the promise is settled within so many milliseconds. @throws what it is rejected with. */
async function comesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
