/** How long one call of a runtime may take: progress, signals and checkpoints wait for it. */
const CALL_MILLISECONDS = 100;

const MOST_STEPS = 4096;

/** How many steps to run in one call: grows until a call takes as long as it may. How steps are cut changes no result. */
export class StepsPerCall {
  steps = 1;

  /** Learns from a call. */
  took(steps: number, milliseconds: number): void {
    // The last call of a batch may be short, and says nothing about a full one.
    if (steps < this.steps) return;
    if (milliseconds < CALL_MILLISECONDS / 2) this.steps = Math.min(steps * 2, MOST_STEPS);
    else if (milliseconds > CALL_MILLISECONDS) this.steps = Math.max(1, Math.floor(steps / 2));
  }
}
