import type { ErrorCode } from '../core/error-codes.js';
import type { Json } from '../core/json.js';

/** What the pool sends to a worker process. */
export type ToWorker =
  | { readonly type: 'task'; readonly task: Json }
  /** The answer to the one question that is open. */
  | { readonly type: 'answer'; readonly answer: Json }
  /** End the task well and soon. */
  | { readonly type: 'interrupt' };

/** What a worker process sends to the pool. */
export type FromWorker =
  | { readonly type: 'question'; readonly question: Json }
  | { readonly type: 'result'; readonly result: Json }
  | { readonly type: 'error'; readonly code: ErrorCode; readonly message: string };
