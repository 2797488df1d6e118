import { AimaasError } from '../core/errors.js';
import type { Style } from './command.js';
import { systemError } from './system-error.js';
import { visibleLines } from './visible.js';

/** The chain of causes as a stack, for --debug. */
function stackOf(error: Error): string {
  const own = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${own}\nCaused by: ${stackOf(error.cause)}` : own;
}

/** An error for a person: what happened, the hint last so that it is read. */
export function errorText(error: AimaasError, style: Style, debug: boolean): string {
  const lines = [`${style.red('error:')} ${visibleLines(error.message)}`];
  if (debug) lines.push(style.dim(stackOf(error)));
  if (error.hint !== undefined) lines.push(`  ${style.cyan('hint:')} ${visibleLines(error.hint)}`);
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

/** Whatever was thrown, in words for the user; what nobody expected is a bug. */
export function asUserError(thrown: unknown, signal: AbortSignal): AimaasError {
  if (thrown instanceof AimaasError) return thrown;
  if (signal.aborted && thrown instanceof Error && thrown.name === 'AbortError') {
    return new AimaasError('INTERRUPTED', 'Interrupted.', { cause: thrown });
  }
  const known = systemError(thrown);
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AimaasError('INTERNAL', `This is a bug in aimaas: ${message}`, {
    hint: 'Run the command again with --debug and report the output.',
    cause: thrown,
  });
}
