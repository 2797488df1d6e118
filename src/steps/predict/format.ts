import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { constants, gunzipSync } from 'node:zlib';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { PredictionFormat } from '../../core/prediction-format.js';

/** Endings that say nothing about the format, so that the input's is taken. */
const PLAIN: ReadonlySet<string> = new Set(['', '.txt', '.out', '.pred', '.predictions']);

const FORMATS: Readonly<Record<string, PredictionFormat>> = {
  '.csv': 'csv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
};

/**
 * The format of the predictions that no option names: by the name of the output, else as the first source.
 * @throws AimaasError USAGE for an output with a name of another format.
 */
export async function defaultFormat(
  sources: readonly string[],
  { output, stdin }: { readonly output?: string | undefined; readonly stdin?: Readable | undefined },
  signal: AbortSignal,
): Promise<PredictionFormat> {
  if (output !== undefined) {
    const ending = extname(output).toLowerCase();
    const format = FORMATS[ending];
    if (format !== undefined) return format;
    if (!PLAIN.has(ending)) {
      throw new AimaasError(
        'USAGE',
        `--output ${output} ends in ${ending}; predictions are written as ${Object.keys(FORMATS).join(', ')}.`,
        { hint: 'Name the output so, or say what to write there: --format csv' },
      );
    }
  }
  const [first = '-'] = sources;
  if (first === '-') return (await startsLikeJson(stdin ?? process.stdin, signal)) ? 'jsonl' : 'csv';
  return /\.(?:json|jsonl|ndjson)(?:\.gz)?(?:$|[?#])/i.test(first) ? 'jsonl' : 'csv';
}

/** The first bytes of a stream as text, unpacked. */
function startOf(chunk: Buffer | string): string {
  const bytes = Buffer.from(chunk);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8', 0, 1000);
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('utf8', 0, 1000);
  } catch {
    // What is wrong with it is said by whoever reads it.
    return '';
  }
}

/** Looks at the first bytes of a stream and puts them back. */
async function startsLikeJson(stream: Readable, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    throwIfAborted(signal);
    const chunk = stream.read() as Buffer | string | null;
    if (chunk !== null) {
      stream.unshift(chunk);
      return /^[\s\ufeff]*[[{]/.test(startOf(chunk));
    }
    if (stream.readableEnded || stream.destroyed) return false;
    await new Promise<void>((resume) => {
      const done = (): void => {
        for (const event of ['readable', 'end', 'error', 'close']) stream.off(event, done);
        signal.removeEventListener('abort', done);
        resume();
      };
      for (const event of ['readable', 'end', 'error', 'close']) stream.on(event, done);
      signal.addEventListener('abort', done);
    });
  }
}
