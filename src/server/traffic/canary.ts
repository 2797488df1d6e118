import type { IncomingHttpHeaders } from 'node:http';

/** A version that gets part of the requests that leave the version to the server. */
export type Canary = {
  readonly version: number;
  /** Part of the requests, from 0 to 1. */
  readonly weight: number;
  /** Requests with the same value of this header get the same version. Without it every request is drawn by itself. */
  readonly header: string | null;
};

/** 32-bit FNV-1a with a final mix (murmur3's), so that similar keys are spread evenly: a number from 0 below 1. */
function spread(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * Whether a request goes to the canary. A key that goes to it still does when its weight is raised, and after a
 * restart, and on every worker.
 */
export function goesToCanary({ weight, header }: Canary, headers: IncomingHttpHeaders): boolean {
  const key = header === null ? undefined : headers[header];
  return (key === undefined ? Math.random() : spread(String(key))) < weight;
}
