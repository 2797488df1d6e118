import type * as grpc from '@grpc/grpc-js';
import type protobuf from 'protobufjs';
import { badRequest, type RequestError } from '../request-error.js';
import type { Message } from './call.js';

/** A method as grpc-js takes it: how its messages become bytes and are read. */
export function methodDefinition(
  path: string,
  { requestStream, responseStream }: protobuf.Method,
  request: protobuf.Type,
  response: protobuf.Type,
): grpc.MethodDefinition<Message, Message> {
  return {
    path,
    requestStream: requestStream === true,
    responseStream: responseStream === true,
    requestSerialize: (value) => Buffer.from(request.encode(value).finish()),
    requestDeserialize: (bytes) => decoded(request, bytes),
    responseSerialize: (value) => Buffer.from(response.encode(value).finish()),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** A message that is none of its type. It is told as the client's mistake; grpc-js would say that the server failed. */
export class Undecodable {
  readonly error: RequestError;

  constructor(type: protobuf.Type, why: unknown) {
    const reason = why instanceof Error ? why.message : String(why);
    this.error = badRequest(`The message cannot be decoded as ${type.name}: ${reason}.`);
  }
}

const SIZE = Symbol('bytes of the message');

/** How many bytes a message was decoded from. */
export function sizeOf(message: Message): number {
  return (message as { readonly [SIZE]?: number })[SIZE] ?? 0;
}

function decoded(type: protobuf.Type, bytes: Uint8Array): Message {
  let message: Message & { [SIZE]?: number };
  try {
    message = type.decode(bytes);
  } catch (error) {
    message = new Undecodable(type, error);
  }
  message[SIZE] = bytes.length;
  return message;
}
