export interface AshaOptions {
  /** One of so many trials goes on from each rung. */
  readonly reductionFactor: number;
  /** Resource at the lowest rung, as a part of the whole: 1/9 for two rungs at a factor of 3. */
  readonly minimumFraction: number;
}

const ASHA_DEFAULTS: AshaOptions = { reductionFactor: 3, minimumFraction: 1 / 9 };

/** What a trial had reached at a rung: less is better. */
export type RungResult = { readonly rung: number; readonly loss: number };

/** Resource (epochs, say) at which a trial is judged, ascending; none where the whole is too little to divide. */
export function rungsOf(total: number, options: AshaOptions = ASHA_DEFAULTS): number[] {
  const rungs: number[] = [];
  const lowest = Math.max(1, Math.floor(total * options.minimumFraction));
  for (let rung = Math.floor(total / options.reductionFactor); rung >= lowest;) {
    rungs.unshift(rung);
    if (rung <= 1) break;
    rung = Math.floor(rung / options.reductionFactor);
  }
  return rungs;
}

/**
 * Asynchronous successive halving (Li et al. 2018) in the form that stops trials instead of pausing them: a trial that
 * reaches a rung goes on if it is among the best ⌈n/factor⌉ of the n that have reached the rung so far, itself included. As long
 * as fewer than `factor` have, too little is known to stop one. Nothing waits for anything else.
 *
 * Trials are compared within a group only: those that share a plan, because a loss half way through one learning-rate
 * schedule says nothing about a loss half way through another.
 */
export class Asha {
  private readonly options: AshaOptions;
  private readonly losses = new Map<string, number[]>();

  constructor(options: AshaOptions = ASHA_DEFAULTS) {
    this.options = options;
  }

  /** Takes in a result that was decided on before. */
  restore(group: string, { rung, loss }: RungResult): void {
    this.at(group, rung).push(loss);
  }

  /** Takes in a result and says whether its trial goes on. A loss that is not a number never does. */
  report(group: string, { rung, loss }: RungResult): 'continue' | 'stop' {
    const known = this.at(group, rung);
    known.push(loss);
    if (Number.isNaN(loss)) return 'stop';
    if (known.length < this.options.reductionFactor) return 'continue';
    const better = known.filter((other) => other < loss).length;
    return better < Math.ceil(known.length / this.options.reductionFactor) ? 'continue' : 'stop';
  }

  private at(group: string, rung: number): number[] {
    const key = `${group} @ ${rung}`;
    const known = this.losses.get(key) ?? [];
    this.losses.set(key, known);
    return known;
  }
}
