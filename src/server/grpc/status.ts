import { type Metadata, status } from '@grpc/grpc-js';
import type { RequestError } from '../request-error.js';
import { metadataOf } from './metadata.js';

export type StatusName = keyof typeof status;

const BY_HTTP: Readonly<Record<number, StatusName>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'FAILED_PRECONDITION',
  413: 'RESOURCE_EXHAUSTED',
  422: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** What gRPC calls an error that HTTP answers with a status. */
export function statusOf({ status: http }: RequestError): StatusName {
  return BY_HTTP[http] ?? 'INTERNAL';
}

/** An error as the end of a call, with what is to be told besides it in headers. */
export function errorStatus(
  error: RequestError,
  headers: Readonly<Record<string, string>> = {},
): { readonly code: status; readonly details: string; readonly metadata: Metadata } {
  const { message, hint } = error;
  return {
    code: status[statusOf(error)],
    details: hint === undefined ? message : `${message} ${hint}`,
    metadata: metadataOf({ ...headers, ...error.headers }),
  };
}
