import type { TensorData } from '../core/tensor.js';
import type { TrainingSession } from '../engines/engine.js';
import { RANDOM_OFFSETS, type RandomDraws, randomOffsets } from '../graph/random.js';
import { epochIndices, stepsOfPart, type TrainingPart } from './data.js';
import type { Optimizer, OptimizerOptions } from './optimizers/optimizer.js';
import type { TrainingPlan } from './plan.js';
import { scheduleOf } from './step.js';

const LOWEST = 1e-6;
const HIGHEST = 10;
const STEPS = 120;
/** Weight of the newest loss in the running mean. */
const SMOOTHING = 0.1;

/**
 * The learning-rate range test (Smith 2015): the rate grows from 1e-6 to 10 over 120 steps of the first part. A tenth of the rate where
 * the smoothed loss was least is suggested. The session's state is spent: write it anew before training.
 */
export async function suggestLearningRate(
  session: TrainingSession,
  plan: TrainingPlan,
  part: TrainingPart,
  filler: number,
  optimizer: Optimizer,
  optimizerOptions: OptimizerOptions,
  draws: RandomDraws | undefined,
): Promise<number> {
  const { members } = part;
  const size = members.length * plan.batchSize;
  const steps = stepsOfPart(part, plan.batchSize);
  const rateAt = (step: number): number => LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1));
  let running = NaN;
  let least = { loss: Infinity, rate: plan.learningRate };
  for (let step = 0; step < STEPS; step++) {
    const epoch = Math.floor(step / steps);
    const { seed, batchSize } = plan;
    const all = epochIndices(members, { seed, epoch, part: 0, steps, batchSize, filler });
    const at = (step % steps) * size;
    const schedule = scheduleOf(optimizer, optimizerOptions, step + 1, {
      learningRate: rateAt(step),
      weightDecay: plan.weightDecay,
      drop: plan.dropout,
      average: plan.average,
    });
    const { loss } = await session.run({
      count: 1,
      indices: all.slice(at, at + size),
      perStep: {
        schedule: {
          dtype: 'float32',
          shape: [1, schedule.length],
          data: Float32Array.from(schedule),
        },
        ...(draws === undefined ? {} : { [RANDOM_OFFSETS]: oneStep(randomOffsets(seed, step, draws)) }),
      },
    });
    const value = (loss?.data as Float32Array)[0] as number;
    if (!Number.isFinite(value)) break;
    running = Number.isNaN(running) ? value : running + SMOOTHING * (value - running);
    if (running < least.loss) least = { loss: running, rate: rateAt(step) };
    // Far above the least loss the rate is already too large.
    if (running > 4 * least.loss + 1e-9) break;
  }
  return least.rate / 10;
}

/** A per-step input of a single step. */
function oneStep(tensor: TensorData): TensorData {
  return { ...tensor, shape: [1, ...tensor.shape] };
}
