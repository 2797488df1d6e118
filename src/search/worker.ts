import process from 'node:process';
import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { FromWorker, ToWorker } from './messages.js';

export interface TaskContext {
  /** Fires when the pool wants the task to end. */
  readonly signal: AbortSignal;
  /** Asks the pool and waits for its answer. One question at a time. */
  readonly ask: (question: Json) => Promise<Json>;
}

/**
 * The life of a worker process: does the tasks that the pool sends, one after another, and ends when the pool does,
 * however that ends. The terminal's Ctrl-C goes to the pool, which interrupts in its own order.
 */
export function serveTasks(work: (task: Json, context: TaskContext) => Promise<Json>): void {
  let controller = new AbortController();
  let answered: ((answer: Json) => void) | undefined;
  const send = (message: FromWorker): void => {
    if (process.connected) process.send?.(message);
  };
  const ask = (question: Json): Promise<Json> =>
    new Promise((resolve) => {
      answered = resolve;
      send({ type: 'question', question });
    });
  const run = async (task: Json): Promise<void> => {
    controller = new AbortController();
    try {
      send({ type: 'result', result: await work(task, { signal: controller.signal, ask }) });
    } catch (error) {
      const code = error instanceof AimaasError ? error.code : 'INTERNAL';
      send({ type: 'error', code, message: error instanceof Error ? error.message : String(error) });
    }
  };
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(1));
  process.on('message', (message: ToWorker) => {
    switch (message.type) {
      case 'task':
        return void run(message.task);
      case 'answer':
        return answered?.(message.answer);
      case 'interrupt':
        return controller.abort();
    }
  });
}
