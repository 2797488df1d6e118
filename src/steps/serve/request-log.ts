import { AimaasError } from '../../core/errors.js';
import type { Reporter } from '../../core/reporter.js';
import { LogFile, LogSink } from '../../server/logging/log-sink.js';
import { formatRequest, type LogFormat, type RequestEntry } from '../../server/logging/request-log.js';
import type { ServeOptions } from './options.js';

export interface RequestLog {
  readonly entry: (entry: RequestEntry) => void;
  close(): Promise<void>;
}

/**
 * The log of requests that the options ask for.
 * @throws AimaasError USAGE when its file cannot be written.
 */
export async function openRequestLog(
  { accessLog, logFormat }: ServeOptions,
  reporter: Reporter,
): Promise<RequestLog | undefined> {
  if (accessLog === undefined) return undefined;
  const format: LogFormat = logFormat ?? (accessLog === '-' && process.stderr.isTTY ? 'text' : 'json');
  const onProblem = (message: string): void => reporter.warn(message);
  if (accessLog === '-') {
    const sink = new LogSink({ write: writeToStderr, onProblem });
    return { entry: (entry) => sink.line(formatRequest(entry, format)), close: () => sink.flush() };
  }
  const file = new LogFile(accessLog);
  try {
    await file.open();
  } catch (error) {
    throw new AimaasError(
      'USAGE',
      `--access-log ${accessLog} cannot be written: ${(error as Error).message}`,
      {
        hint: 'Name a file in a folder that exists and may be written, or - for stderr.',
        cause: error,
      },
    );
  }
  const sink = new LogSink({ write: (text) => file.write(text), onProblem });
  return {
    entry: (entry) => sink.line(formatRequest(entry, format)),
    async close() {
      await sink.flush();
      await file.close();
    },
  };
}

function writeToStderr(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stderr.write(text, (error) => (error == null ? resolve() : reject(error)));
  });
}
