import type { StepContext } from '../../core/step.js';
import type { ServeResult } from './options.js';

/** Says where the server is and how to ask it. */
export function announce({ url, host, models, example }: ServeResult, { reporter }: StepContext): void {
  const names = models.map(({ name, version }) => (version === null ? name : `${name}/${version}`));
  // A quote in a value would end the shell's string.
  const body = JSON.stringify(example).replaceAll("'", String.raw`'\''`);
  reporter.info(
    `Serving ${names.join(', ')} at ${url} (Ctrl-C stops it). Try: curl ${url}/predict -H 'Content-Type: application/json' -d '${body}'`,
  );
  if (!isLoopback(host)) {
    reporter.warn(
      `Everyone who can reach ${host} can use the models: there is no access control.`,
      'Leave out --host to serve this machine only.',
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host);
}
