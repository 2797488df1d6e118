import type { Json } from '../core/json.js';
import type { Random } from '../core/random.js';
import { logNormalDensity, normalMass } from './normal.js';
import { axisOf, choiceIndex, type Domain, type NumericDomain } from './space.js';

/** A density over a domain, estimated from values that were seen. */
export interface ParzenEstimator {
  sample(random: Random): Json;
  /** Logarithm of the density (of the probability, for choices and whole numbers) of a value of the domain. */
  logDensity(value: Json): number;
}

/** Draws of a truncated normal number before the nearest bound is taken. */
const MOST_DRAWS = 100;

/** The estimator of Bergstra et al. 2011 for a domain. Without values it is the prior: even over the domain, roughly. */
export function parzenEstimator(domain: Domain, values: readonly Json[]): ParzenEstimator {
  return domain.type === 'choice'
    ? choiceEstimator(domain.choices, values)
    : numericEstimator(domain, values.map(Number));
}

/** Frequencies, with one more observation spread evenly over the choices. */
function choiceEstimator(choices: readonly Json[], values: readonly Json[]): ParzenEstimator {
  const counts = choices.map(() => 1 / choices.length);
  for (const value of values) {
    const index = choiceIndex(choices, value);
    if (index >= 0) counts[index] = (counts[index] as number) + 1;
  }
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    sample(random) {
      let left = random.uniform() * total;
      const index = counts.findIndex((count) => (left -= count) < 0);
      return choices[index < 0 ? choices.length - 1 : index] as Json;
    },
    logDensity: (value) => Math.log((counts[choiceIndex(choices, value)] ?? 0) / total),
  };
}

interface Kernel {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * A mixture of normal densities, one about each value and a wide one about the middle, cut off at the ends. Each is as
 * wide as the larger gap to its neighbours, within bounds that let it narrow as values come in.
 */
function kernelsOf(positions: readonly number[], low: number, high: number): Kernel[] {
  const range = high - low;
  const middle = (low + high) / 2;
  const sorted = [...positions, middle].sort((a, b) => a - b);
  const narrowest = range / Math.min(100, 1 + sorted.length);
  const kernels = positions.map((mean) => {
    const at = sorted.indexOf(mean);
    const left = mean - (sorted[at - 1] ?? mean);
    const right = (sorted[at + 1] ?? mean) - mean;
    return { mean, deviation: Math.min(range, Math.max(narrowest, left, right)) };
  });
  return [...kernels, { mean: middle, deviation: range }];
}

function numericEstimator(domain: NumericDomain, values: readonly number[]): ParzenEstimator {
  const { low, high, encode, decode } = axisOf(domain);
  if (domain.minimum === domain.maximum) return { sample: () => domain.minimum, logDensity: () => 0 };
  const kernels = kernelsOf(
    values.map((value) => Math.min(high, Math.max(low, encode(value)))),
    low,
    high,
  );
  const inside = kernels.map(({ mean, deviation }) =>
    normalMass((low - mean) / deviation, (high - mean) / deviation),
  );
  const logWeights = inside.map((mass) => -Math.log(mass * kernels.length));
  return {
    sample(random) {
      const { mean, deviation } = kernels[random.integer(kernels.length)] as Kernel;
      for (let draw = 0; draw < MOST_DRAWS; draw++) {
        const position = mean + deviation * random.normal();
        if (position >= low && position <= high) return decode(position);
      }
      return decode(mean);
    },
    logDensity(value) {
      const number = Number(value);
      const position = encode(number);
      const logs = kernels.map(({ mean, deviation }, index) => {
        const weight = logWeights[index] as number;
        if (domain.type === 'number') return weight + logNormalDensity(position, mean, deviation);
        const [from, to] = [encode(number - 0.5), encode(number + 0.5)];
        const mass = normalMass((from - mean) / deviation, (to - mean) / deviation);
        return weight + Math.log(mass);
      });
      return logSumExp(logs);
    },
  };
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (largest === -Infinity) return -Infinity;
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
