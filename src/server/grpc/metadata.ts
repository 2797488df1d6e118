import * as grpc from '@grpc/grpc-js';
import type { IncomingHttpHeaders } from 'node:http';

/** An address without its port: 127.0.0.1:5000, ::1:5000. */
export function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '');
}

export function headersOf(metadata: grpc.Metadata): IncomingHttpHeaders {
  const texts = Object.entries(metadata.getMap()).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as IncomingHttpHeaders;
}

export function metadataOf(headers: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key.toLowerCase(), value);
  return metadata;
}

/** A call's deadline on the clock of performance.now(). */
export function deadlineOf(deadline: Date | number): number | undefined {
  const time = typeof deadline === 'number' ? deadline : deadline.getTime();
  return Number.isFinite(time) ? performance.now() + (time - Date.now()) : undefined;
}
