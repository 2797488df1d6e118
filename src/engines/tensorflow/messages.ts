import type { TensorData } from '../../core/tensor.js';

/** A tensor as it crosses to the other process. Its texts may be any bytes. */
export type Crossing =
  | (TensorData & { readonly data: ArrayBufferView })
  | {
      readonly dtype: 'string';
      readonly shape: readonly number[];
      readonly data: readonly (string | Uint8Array)[];
    };

/** A tensor to feed, or where its bytes were uploaded to because they are too many for one message. */
export type Fed = TensorData | Crossing | (Omit<TensorData, 'data'> & { readonly upload: number });

/** What this process asks of the one that has TensorFlow. */
export type Request =
  | { readonly ask: 'describe' }
  /** Loads the SavedModel in a folder; answers its number. */
  | { readonly ask: 'open'; readonly folder: string }
  /** Keeps some of the bytes of a tensor that a later run feeds. */
  | {
      readonly ask: 'upload';
      readonly key: number;
      /** Bytes of the whole tensor. */
      readonly size: number;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  | {
      readonly ask: 'run';
      readonly model: number;
      readonly feeds: Readonly<Record<string, Fed>>;
      readonly fetches: readonly string[];
    }
  | { readonly ask: 'close'; readonly model: number };

/** What TensorFlow is here. */
export interface Description {
  readonly version: string;
  /** Whether it computes on a GPU. */
  readonly gpu: boolean;
}

export interface Answers {
  readonly describe: Description;
  readonly open: number;
  readonly upload: null;
  readonly run: readonly Crossing[];
  readonly close: null;
}

export type NumberedRequest = Request & { readonly id: number };

export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly error: string };
