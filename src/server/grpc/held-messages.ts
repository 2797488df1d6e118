import * as grpc from '@grpc/grpc-js';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { type HeldBytes, tooMuchHeld } from '../held-bytes.js';
import type { RequestError } from '../request-error.js';
import type { Message } from './call.js';
import { sizeOf } from './messages.js';
import { errorStatus } from './status.js';

/** Told of a call that was refused before its message was whole. */
export type OnRefused = (
  call: Pick<grpc.ServerUnaryCall<Message, Message>, 'getPeer' | 'metadata'>,
  path: string,
  error: RequestError,
) => void;

/**
 * Holds no more bytes of messages at once than memory is meant for, together with the bodies of HTTP: counted as they arrive,
 * so that messages which never become whole count, too, until they are answered.
 *
 * grpc-js shows an interceptor only whole messages. The stream they come on is a field of its innermost call, though not a
 * documented one; if it were gone, messages would be bounded one by one only, and the test of this would fail.
 */
export function heldMessages(held: HeldBytes, onRefused: OnRefused): grpc.ServerInterceptor {
  return ({ path }, call) => {
    const { stream } = call as { readonly stream?: ServerHttp2Stream };
    if (stream === undefined) return new grpc.ServerInterceptingCall(call);
    const hold = held.hold(() => stream.once('close', () => hold.letGo()));
    /** Sizes of the messages that wait for their answer, in order, and what has arrived of the next. */
    const waiting: number[] = [];
    let arriving = 0;
    let refused = false;
    let metadata = new grpc.Metadata();

    function isHeld(): boolean {
      if (refused) return false;
      if (hold.resize(waiting.reduce((sum, size) => sum + size, arriving))) return true;
      refused = true;
      hold.letGo();
      const error = tooMuchHeld();
      call.sendStatus(errorStatus(error));
      // grpc-js keeps what has arrived of the message for as long as there is the stream.
      stream?.close(constants.NGHTTP2_NO_ERROR);
      onRefused({ getPeer: () => call.getPeer(), metadata }, path, error);
      return false;
    }

    stream.on('data', (chunk: Buffer) => {
      arriving += chunk.length;
      isHeld();
    });
    return new grpc.ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(received, pass) {
            metadata = received;
            pass(received);
          },
          onReceiveMessage(message, pass) {
            // What arrived compressed is larger by now.
            waiting.push(sizeOf(message as Message));
            arriving = 0;
            if (isHeld()) pass(message);
          },
          onReceiveHalfClose(pass) {
            if (!refused) pass();
          },
        });
      },
      sendMessage(message, next) {
        waiting.shift();
        isHeld();
        next(message);
      },
    });
  };
}
