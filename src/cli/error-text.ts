import { AimaasError } from '../core/errors.js';
import type { Style } from './command.js';

/** The chain of causes as a stack, for --debug. */
function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\nCaused by: ${stackOf(error.cause)}` : own;
}

/** An error for a person: what happened, the hint last so that it is read. */
export function errorText(error: AimaasError, style: Style, debug: boolean): string {
  const lines = [`${style.red('error:')} ${error.message}`];
  if (debug) lines.push(style.dim(stackOf(error)));
  if (error.hint !== undefined) lines.push(`  ${style.cyan('hint:')} ${error.hint}`);
  return lines.join('\n');
}

/** An error for a script: one line of JSON. */
export function errorJson(error: AimaasError, debug: boolean): string {
  return JSON.stringify({
    schemaVersion: 1,
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      details: error.details ?? null,
      exitCode: error.exitCode,
      ...(debug ? { stack: stackOf(error) } : {}),
    },
  });
}

/** Anything that was thrown as an AimaasError; what nobody expected is a bug. */
export function internalError(error: unknown): AimaasError {
  const message = error instanceof Error ? error.message : String(error);
  return new AimaasError('INTERNAL', `This is a bug in aimaas: ${message}`, {
    hint: 'Run the command again with --debug and report the output.',
    cause: error,
  });
}
