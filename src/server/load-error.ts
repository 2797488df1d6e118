import { AimaasError } from '../core/errors.js';
import { type Target, titleOf } from './plan.js';
import { RequestError } from './request-error.js';

/** What is said of a failed load to clients, which are not to learn where on the disk a model lies. */
export function discreet(error: unknown, target: Target | null): string {
  const message = error instanceof Error ? error.message : String(error);
  return target === null ? message : message.replaceAll(target.folder, titleOf(target));
}

/** A failed load as the answer to the request that asked for it. */
export function loadError(error: unknown, message: string): unknown {
  if (!(error instanceof AimaasError)) return error;
  if (error.code === 'ARTIFACT_NOT_FOUND') {
    const hint = 'POST /v2/repository/index lists what there is.';
    return new RequestError(404, 'NOT_FOUND', message, { hint });
  }
  return new RequestError(409, error.code, message);
}
