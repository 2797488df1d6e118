import type { StepContext } from '../../core/step.js';
import type { ServeResult } from './options.js';

/** Says where the server is and how to ask it. */
export function announce(
  { url, grpcPort, keys, models, example }: ServeResult,
  { reporter }: StepContext,
): void {
  const names = models.map(({ name, version }) => (version === null ? name : `${name}/${version}`));
  // A quote in a value would end the shell's string.
  const body = JSON.stringify(example).replaceAll("'", String.raw`'\''`);
  const key = keys ? " -H 'Authorization: Bearer KEY'" : '';
  const overGrpc = grpcPort === null ? '' : ` and over gRPC at port ${grpcPort}`;
  reporter.info(
    `Serving ${names.join(', ')} at ${url}${overGrpc} (Ctrl-C stops it). Try: curl ${url}/predict${key} -H 'Content-Type: application/json' -d '${body}'`,
  );
}
