import { Random } from '../../core/random.js';
import { modelFileError } from './errors.js';

/** The call before: Math is everyone's, so calls take turns. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Runs `body` while Math.random() draws from a seed: tfjs seeds its initializers with it, and a model file may use it
 * itself, so the same seed gives the same weights.
 */
export function withSeededRandom<T>(seed: number, purpose: string, body: () => T | Promise<T>): Promise<T> {
  const turn = before.then(() => seeded(Random.of(seed, purpose), body));
  before = turn.catch(() => undefined);
  return turn;
}

async function seeded<T>(random: Random, body: () => T | Promise<T>): Promise<T> {
  const original = Math.random;
  Math.random = () => random.uniform();
  try {
    return await body();
  } finally {
    Math.random = original;
  }
}

/** Runs `body`, in which layers are compiled: a number that JavaScript draws there would be the same in every step. */
export function withoutRandom<T>(body: () => T): T {
  const original = Math.random;
  Math.random = () => {
    throw modelFileError(
      'Math.random() is drawn once, while the model is compiled, so its number would be the same in every step.',
      'Use tf.randomUniform, tf.randomNormal or tf.dropout where kwargs.training is true: they are drawn anew in every step.',
    );
  };
  try {
    return body();
  } finally {
    Math.random = original;
  }
}
