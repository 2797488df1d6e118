import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { addTensorMethods } from './tensor-methods.js';

// Production mode keeps tfjs from advertising its native addon on the user's screen.
tf.enableProdMode();
addTensorMethods();

/** Makes sure that a backend is chosen, and gives its name. */
export function currentBackend(): string {
  tf.backend();
  return tf.getBackend();
}

/**
 * Runs `body` with another tfjs backend and goes back to the present one. Switching to a backend whose factory is
 * synchronous takes effect at once, so there is nothing to await.
 */
export function withBackend<T>(name: string, body: () => T): T {
  const previous = currentBackend();
  void tf.setBackend(name);
  try {
    return body();
  } finally {
    void tf.setBackend(previous);
  }
}

export { tf };
