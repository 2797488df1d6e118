import type { IncomingHttpHeaders } from 'node:http';
import type { Access } from '../access/access.js';
import type { Asking } from '../batcher.js';

/** One remote call, as a service sees it. */
export interface GrpcCall extends Asking {
  readonly access: Access;
  /** Its metadata that is text, by lower-case key. */
  readonly headers: IncomingHttpHeaders;
}

/** A message as protobufjs decodes and encodes it: every service says more of its own. */
export type Message = object;

/** A method that answers one message with one. Throws what HTTP's routes throw. */
export interface Unary {
  readonly kind: 'unary';
  /** Answered without a key even where keys are demanded. */
  readonly open?: boolean;
  handle(request: never, call: GrpcCall): Message | Promise<Message>;
}

/** A method that answers every message of a stream with one, in their order. */
export interface Exchange {
  readonly kind: 'exchange';
  readonly open?: boolean;
  handle(request: never, call: GrpcCall): Message | Promise<Message>;
  /** What is sent where `handle` throws; without it the stream ends with the error's status. */
  failure?(request: never, message: string): Message;
}

/** A method that answers one message with the state of something, and again whenever it changes. */
export interface Watch {
  readonly kind: 'watch';
  readonly open?: boolean;
  /** @param send may be called until `ended` fires. */
  handle(request: never, send: (message: Message) => void, ended: AbortSignal): void;
}

export type Method = Unary | Exchange | Watch;

/** A service by its full name, and its methods by theirs. All methods of the schema are there. */
export interface GrpcService {
  readonly name: string;
  readonly methods: Readonly<Record<string, Method>>;
}
