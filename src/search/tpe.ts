import type { Json } from '../core/json.js';
import type { Random } from '../core/random.js';
import { parzenEstimator } from './parzen.js';
import { type Domain, drawPoint, isActive, type Point, type Space } from './space.js';

/** Part of the observations that are called good, and how many at most. */
const GOOD_FRACTION = 0.15;
const MOST_GOOD = 25;

/** Values drawn from the good ones' density, of which the one that looks most unlike the bad ones is taken. */
const CANDIDATES = 24;

/**
 * The next point by the tree-structured Parzen estimator (Bergstra et al. 2011): for every parameter in turn, of some
 * values drawn from the density l of the good points, the one for which l/g is largest, g being the density of the
 * others. Only points that have the parameter count for it, so what is good is told within each branch of the space.
 *
 * A choice that other parameters depend on is drawn from l instead, with a count of one more for every choice: the best
 * of a branch shows only after a while, so none is given up.
 * @param ranked points seen, the best first
 * @param pending points being tried: counted among the bad ones, so that what runs in parallel spreads out
 */
export function tpePoint(
  space: Space,
  ranked: readonly Point[],
  pending: readonly Point[],
  random: Random,
): Point {
  const parents = new Set(space.map(({ when }) => when?.parameter));
  return drawPoint(space, (parameter) => {
    const { name, domain } = parameter;
    const valuesOf = (points: readonly Point[]): Json[] =>
      points.filter((point) => isActive(parameter, point)).map((point) => point[name] as Json);
    const seen = valuesOf(ranked);
    const good = Math.min(MOST_GOOD, Math.ceil(GOOD_FRACTION * seen.length));
    const better = seen.slice(0, good);
    if (domain.type === 'choice' && parents.has(name)) {
      return parzenEstimator(domain, [...better, ...domain.choices]).sample(random);
    }
    return bestCandidate(domain, better, [...seen.slice(good), ...valuesOf(pending)], random);
  });
}

function bestCandidate(
  domain: Domain,
  better: readonly Json[],
  worse: readonly Json[],
  random: Random,
): Json {
  const l = parzenEstimator(domain, better);
  const g = parzenEstimator(domain, worse);
  let best = l.sample(random);
  let bestScore = l.logDensity(best) - g.logDensity(best);
  for (let i = 1; i < CANDIDATES; i++) {
    const candidate = l.sample(random);
    const score = l.logDensity(candidate) - g.logDensity(candidate);
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}
