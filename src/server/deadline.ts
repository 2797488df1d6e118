import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from './request-error.js';

/** Milliseconds of the units of a timeout: those of HTTP here (seconds if there is none), and those of gRPC. */
const UNITS: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000 };
const GRPC_UNITS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/**
 * When the client of a request stops waiting for the answer, on the clock of performance.now(), as it says in
 * `X-Request-Timeout` ("2" or "2s", "250ms", "1m") or `grpc-timeout` ("250m", gRPC's own notation); undefined if it
 * does not say.
 * @throws RequestError 400 for a timeout that is none.
 */
export function deadlineOf(headers: IncomingHttpHeaders, arrived: number): number | undefined {
  const own = headers['x-request-timeout'];
  const grpc = headers['grpc-timeout'];
  if (own === undefined && grpc === undefined) return undefined;
  const text = String(own ?? grpc);
  const form = own === undefined ? /^(\d{1,8})([HMSmun])$/ : /^(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|)$/;
  const [, amount, unit = ''] = form.exec(text) ?? [];
  const milliseconds = (own === undefined ? GRPC_UNITS : UNITS)[unit];
  if (amount === undefined || milliseconds === undefined) {
    const name = own === undefined ? 'grpc-timeout' : 'X-Request-Timeout';
    throw badRequest(`${name} is ${JSON.stringify(text.slice(0, 40))}, not a timeout.`, {
      hint: own === undefined ? 'Give gRPC’s form: 250m is 250 milliseconds.' : 'Give seconds, or 250ms.',
    });
  }
  return arrived + Number(amount) * milliseconds;
}
