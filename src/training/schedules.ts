import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import { SCHEDULE_NAMES, type ScheduleName } from '../core/training-names.js';

/** Factor of the learning rate at `t`, the part of the run that is done, in [0, 1). */
type Schedule = (t: number) => number;

const cosine: Schedule = (t) => 0.5 * (1 + Math.cos(Math.PI * t));

const SCHEDULES: Readonly<Record<ScheduleName, Schedule>> = {
  constant: () => 1,
  /** A tenth after half of the run, a hundredth after three quarters. */
  step: (t) => (t < 0.5 ? 1 : t < 0.75 ? 0.1 : 0.01),
  cosine,
  /** Up from 1/25 over the first 30 %, then down to nothing along a cosine (Smith & Topin 2018). */
  one_cycle: (t) =>
    t < 0.3 ? 0.04 + 0.96 * 0.5 * (1 - Math.cos((Math.PI * t) / 0.3)) : cosine((t - 0.3) / 0.7),
  /** Four cosine waves that get longer, ½(1 − cos(2π·log₂(1 + 15t))) (Holzmüller et al. 2024). */
  coslog4: (t) => 0.5 * (1 - Math.cos(2 * Math.PI * Math.log2(1 + 15 * t))),
  /** Constant; cut to a fifth whenever the validation loss has not improved for a while (see PlateauScale). */
  plateau: () => 1,
};

/**
 * The learning-rate factor of a run: the named schedule after a linear warm-up over the first `warmup` steps.
 * @throws AimaasError USAGE for a name that is none.
 */
export function scheduleNamed(name: string, warmup: number): (step: number, totalSteps: number) => number {
  if (!Object.hasOwn(SCHEDULES, name)) {
    throw new AimaasError(
      'USAGE',
      `There is no learning-rate schedule "${name}". ${didYouMean(name, SCHEDULE_NAMES)}`,
      {
        hint: 'aimaas train --schedule cosine',
      },
    );
  }
  const schedule = SCHEDULES[name as ScheduleName];
  return (step, totalSteps) => {
    if (step < warmup) return (step + 1) / warmup;
    return schedule((step - warmup) / Math.max(1, totalSteps - warmup));
  };
}

/** 1 until `from` of the run is done, then to 0 along a cosine. */
export function fade(t: number, from: number): number {
  return t < from || from >= 1 ? 1 : cosine((t - from) / (1 - from));
}

/**
 * How much of an exponential moving average stays in a step: min(average, (1 + t)/(10 + t)), so that an average of few
 * steps does not remember the first weights for long.
 */
export function averageKept(average: number, step: number): number {
  return Math.min(average, (1 + step) / (10 + step));
}

/** Evaluations without improvement before a plateau is called one, and what the rate is multiplied by. */
const PLATEAU_PATIENCE = 5;
const PLATEAU_FACTOR = 0.2;

export type PlateauState = { readonly scale: number; readonly best: number; readonly since: number };

export const FIRST_PLATEAU: PlateauState = { scale: 1, best: Number.MAX_VALUE, since: 0 };

/** What the state becomes after an evaluation with this validation loss. */
export function observePlateau(state: PlateauState, loss: number): PlateauState {
  if (loss < state.best) return { ...state, best: loss, since: 0 };
  if (state.since + 1 < PLATEAU_PATIENCE) return { ...state, since: state.since + 1 };
  return { scale: state.scale * PLATEAU_FACTOR, best: state.best, since: 0 };
}
