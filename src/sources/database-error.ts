import { AimaasError } from '../core/errors.js';
import { firstLine } from './parquet.js';

/** What DuckDB says of the machine, as errors for the user. */
export function databaseError(error: unknown): unknown {
  if (error instanceof AimaasError) return error;
  const message = firstLine(error);
  if (/out of memory/i.test(message)) {
    return new AimaasError('STORAGE', `There is not enough memory to read the data: ${message}`, {
      hint: 'Free memory or disk space, or collect a part with --only COLUMN or --sample 100000.',
      cause: error,
    });
  }
  if (/no space left|disk|file too large|could not write/i.test(message)) {
    return new AimaasError('STORAGE', `The data cannot be written: ${message}`, {
      hint: 'Free space and run it again.',
      cause: error,
    });
  }
  return error;
}
