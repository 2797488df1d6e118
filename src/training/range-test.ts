import { epochIndices, type Fillers, stepIndices, stepsOfPart, type TrainingPart } from './data.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import type { TrainingPlan } from './plan.js';
import { scheduleOf } from './step.js';
import type { StepSessions } from './step-sessions.js';

const LOWEST = 1e-6;
const HIGHEST = 10;
const STEPS = 120;
/** Weight of the newest loss in the running mean. */
const SMOOTHING = 0.1;

/**
 * The learning-rate range test (Smith 2015): the rate grows from 1e-6 to 10 over 120 steps of the first part. A tenth of the rate where
 * the smoothed loss was least is suggested. The sessions' state is spent: write it anew before training.
 */
export async function suggestLearningRate(
  sessions: StepSessions,
  plan: TrainingPlan,
  part: TrainingPart,
  fillers: Fillers,
  optimizer: Optimizer,
  optimizerOptions: OptimizerOptions,
): Promise<number> {
  const { members } = part;
  const steps = stepsOfPart(part, plan.batchSize);
  const rateAt = (step: number): number => LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1));
  let running = NaN;
  let least = { loss: Infinity, rate: plan.learningRate };
  for (let step = 0; step < STEPS; step++) {
    const epoch = Math.floor(step / steps);
    const { seed, batchSize } = plan;
    const all = epochIndices(members, { seed, epoch, part: 0, steps, batchSize, fillers });
    const size = sessions.sizeOf(part, step % steps);
    const at = { members: members.length, batchSize, size, step: step % steps };
    const schedule = scheduleOf(optimizer, optimizerOptions, step + 1, {
      learningRate: rateAt(step),
      weightDecay: plan.weightDecay,
      drop: plan.dropout,
      average: plan.average,
    });
    const [value] = await sessions.run({
      first: step,
      count: 1,
      size,
      indices: stepIndices(all, at),
      schedule: Float32Array.from(schedule),
    });
    if (value === undefined || !Number.isFinite(value)) break;
    running = Number.isNaN(running) ? value : running + SMOOTHING * (value - running);
    if (running < least.loss) least = { loss: running, rate: rateAt(step) };
    // Far above the least loss the rate is already too large.
    if (running > 4 * least.loss + 1e-9) break;
  }
  return least.rate / 10;
}
