import type { Socket } from 'node:net';
import type { Answerers, Topic } from './bus.js';
import { receiveError, sendError, type SentError } from './errors.js';

/** What goes over a pipe between two processes. */
type Message =
  | { readonly type: 'ask'; readonly id: number; readonly topic: string; readonly question: unknown }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: SentError }
  /** A connection is handed over; `door` says by which port it came. */
  | { readonly type: 'connection'; readonly id: number; readonly door: string }
  /** It has arrived. */
  | { readonly type: 'taken'; readonly id: number };

/** The part of a child process, or of this process as one, that messages need. */
export interface Pipe {
  readonly connected: boolean;
  send(
    message: Message,
    handle?: Socket,
    options?: { readonly keepOpen?: boolean },
    done?: (error: Error | null) => void,
  ): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: 'disconnect', listener: () => void): unknown;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What becomes of a connection that did not arrive, as the other process ended before. */
export interface Handover {
  /** It never left, and is still ours. */
  readonly kept: () => void;
  /** It had left: the other process may have read of it. */
  readonly lost: () => void;
}

interface Handed extends Handover {
  readonly socket: Socket;
  left: boolean;
}

/** Says that the other process ended before it answered. */
export class LinkClosed extends Error {}

/** One end of a pipe to another process, over which both ask and answer. Messages arrive in the order they were sent. */
export class Link {
  private readonly pipe: Pipe;
  private readonly answerers: Answerers;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private readonly handed = new Map<number, Handed>();
  private given = 0;
  private onConnection: ((socket: Socket, door: string) => void) | undefined;

  constructor(pipe: Pipe, answerers: Answerers) {
    this.pipe = pipe;
    this.answerers = answerers;
    pipe.on('message', (message, handle) => this.receive(message as Message, handle as Socket | undefined));
    pipe.on('disconnect', () => this.ended());
  }

  /** @throws what the other end threw, LinkClosed when it ended before it answered. */
  ask<Question, Answer>({ name }: Topic<Question, Answer>, question: Question): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const id = this.asked++;
      this.waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      this.send({ type: 'ask', id, topic: name, question });
    });
  }

  /** Whether the other process is there, as far as is known. */
  get connected(): boolean {
    return this.pipe.connected;
  }

  /**
   * Hands a connection over. It is kept open here until it has arrived: Node sends one after the other, and when a process
   * ends it closes neither that on its way nor those behind it, whose clients would wait for ever.
   */
  hand(socket: Socket, door: string, { kept, lost }: Handover): void {
    if (!this.pipe.connected) {
      kept();
      return;
    }
    const id = this.given++;
    const handed: Handed = { socket, kept, lost, left: false };
    this.handed.set(id, handed);
    this.pipe.send({ type: 'connection', id, door }, socket, { keepOpen: true }, (error) => {
      handed.left = true;
      if (error !== null && this.handed.delete(id)) lost();
    });
  }

  /** Takes the connections that are handed over from now on. */
  take(listener: (socket: Socket, door: string) => void): void {
    this.onConnection = listener;
  }

  private send(message: Message): void {
    if (this.pipe.connected) this.pipe.send(message, undefined, undefined, () => undefined);
    else this.ended();
  }

  private receive(message: Message, handle: Socket | undefined): void {
    switch (message.type) {
      case 'connection':
        this.send({ type: 'taken', id: message.id });
        // A client that went away while it was handed over leaves no handle.
        if (handle !== undefined) this.onConnection?.(handle, message.door);
        return;
      case 'taken':
        this.handed.get(message.id)?.socket.destroy();
        this.handed.delete(message.id);
        return;
      case 'ask':
        void this.reply(message.id, message.topic, message.question);
        return;
      case 'answer':
        this.settle(message.id)?.resolve(message.answer);
        return;
      case 'failure':
        this.settle(message.id)?.reject(receiveError(message.error));
    }
  }

  private async reply(id: number, name: string, question: unknown): Promise<void> {
    try {
      this.send({ type: 'answer', id, answer: await this.answerers.answer(name, question) });
    } catch (error) {
      this.send({ type: 'failure', id, error: sendError(error) });
    }
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  /** The other process is no more: nothing will be answered, and nothing taken. */
  ended(): void {
    for (const { reject } of this.waiting.values()) {
      reject(new LinkClosed('The other process of the server ended before it answered.'));
    }
    this.waiting.clear();
    const handed = [...this.handed.values()];
    this.handed.clear();
    for (const { left, kept, lost } of handed) (left ? lost : kept)();
  }
}
