import { RequestError } from '../request-error.js';
import type { GrpcService, Method } from './call.js';

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export interface HealthOptions {
  /** Full names of the services there are. */
  readonly services: readonly string[];
  readonly ready: () => boolean;
}

/** Milliseconds between two looks at what is watched. */
const INTERVAL = 500;

/** grpc.health.v1.Health: "" is the whole server; all services are as ready as it is. */
export function healthService({ services, ready }: HealthOptions): GrpcService {
  const known = new Set(['', ...services]);
  const statusOf = (service: string): number =>
    known.has(service) ? (ready() ? SERVING : NOT_SERVING) : SERVICE_UNKNOWN;
  const methods: Record<string, Method> = {
    Check: {
      kind: 'unary',
      open: true,
      handle({ service }: { service: string }) {
        if (known.has(service)) return { status: statusOf(service) };
        throw new RequestError(404, 'NOT_FOUND', `There is no service ${JSON.stringify(service)} here.`);
      },
    },
    Watch: {
      kind: 'watch',
      open: true,
      handle({ service }: { service: string }, send, ended) {
        let last = statusOf(service);
        send({ status: last });
        const look = (): void => {
          const status = statusOf(service);
          if (status !== last) send({ status });
          last = status;
        };
        const timer = setInterval(look, INTERVAL).unref();
        ended.addEventListener('abort', () => clearInterval(timer), { once: true });
      },
    },
  };
  return { name: 'grpc.health.v1.Health', methods };
}
