import type { StepContext } from '../core/step.js';
import type { OnDamaged } from '../workspace/workspace.js';

/** Warns of what a listing leaves out because it cannot be read. */
export function warnOfDamage({ reporter }: StepContext): OnDamaged {
  return (error) => reporter.warn(error.message, error.hint);
}
