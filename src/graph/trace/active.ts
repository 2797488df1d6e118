import { AimaasError } from '../../core/errors.js';
import type { Tracer } from './tracer.js';

let active: Tracer | undefined;

/** The tracer at work; a traced operation outside of `trace` is a mistake of the caller. */
export function activeTracer(): Tracer {
  if (active === undefined) throw new AimaasError('INTERNAL', 'This operation works inside trace() only.');
  return active;
}

/** The tracer at work, if there is one: tfjs also disposes of tensors after a trace. */
export function tracerIfAny(): Tracer | undefined {
  return active;
}

/** Runs `body` while kernel calls go to `tracer`. */
export function withTracer<T>(tracer: Tracer, body: () => T): T {
  if (active !== undefined) throw new AimaasError('INTERNAL', 'trace() cannot be used inside trace().');
  return tracingWith(tracer, body);
}

/** The same for a tracer whose parent is at work: its graph becomes a part of the parent's. */
export function tracingWith<T>(tracer: Tracer, body: () => T): T {
  const outer = active;
  active = tracer;
  try {
    return body();
  } finally {
    active = outer;
  }
}
