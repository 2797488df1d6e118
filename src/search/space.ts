import { type Json, stableStringify } from '../core/json.js';
import type { Random } from '../core/random.js';

/** The values a parameter may take. A log domain is searched by ratio, so its minimum is above 0. */
export type Domain =
  | { readonly type: 'choice'; readonly choices: readonly Json[] }
  | {
      readonly type: 'integer' | 'number';
      readonly minimum: number;
      readonly maximum: number;
      readonly log: boolean;
    };

export type NumericDomain = Extract<Domain, { readonly minimum: number }>;

export type Parameter = {
  readonly name: string;
  readonly domain: Domain;
  /** Only points in which the named parameter has this value have this one. */
  readonly when: { readonly parameter: string; readonly equals: Json } | null;
};

/** Everything that is searched, parents before the parameters that depend on them. Plain JSON. */
export type Space = readonly Parameter[];

/** A value for every parameter that is active. */
export type Point = { readonly [parameter: string]: Json };

/**
 * Checks what the types cannot say.
 * @throws RangeError for an empty domain, a log domain that touches 0, a parameter before its parent or named twice.
 */
export function checkSpace(space: Space): void {
  const seen = new Set<string>();
  for (const { name, domain, when } of space) {
    if (seen.has(name)) throw new RangeError(`The parameter ${name} is in the space twice.`);
    if (when !== null && !seen.has(when.parameter)) {
      throw new RangeError(
        `The parameter ${name} depends on ${when.parameter}, which does not come before it.`,
      );
    }
    seen.add(name);
    if (domain.type === 'choice') {
      if (domain.choices.length === 0) throw new RangeError(`The parameter ${name} has no choices.`);
      continue;
    }
    const { minimum, maximum, log } = domain;
    if (!(minimum <= maximum))
      throw new RangeError(`The range of ${name} is empty: ${minimum} to ${maximum}.`);
    if (log && minimum <= 0) throw new RangeError(`The log range of ${name} begins at ${minimum}.`);
  }
}

/** A point made by drawing one active parameter after another. */
export function drawPoint(space: Space, draw: (parameter: Parameter) => Json): Point {
  const point: Record<string, Json> = {};
  for (const parameter of space) {
    if (isActive(parameter, point)) point[parameter.name] = draw(parameter);
  }
  return point;
}

/** Whether a point with these values (parents at least) has the parameter. */
export function isActive({ when }: Parameter, point: Point): boolean {
  return when === null || samePoint(point[when.parameter] ?? null, when.equals);
}

/** The text by which equal values, and equal points, are known. */
export function pointKey(value: Json): string {
  return stableStringify(value);
}

function samePoint(a: Json, b: Json): boolean {
  return pointKey(a) === pointKey(b);
}

/** Index of a choice, or -1. */
export function choiceIndex(choices: readonly Json[], value: Json): number {
  const key = pointKey(value);
  return choices.findIndex((choice) => pointKey(choice) === key);
}

/**
 * Where a number lies on the axis along which its domain is searched: its logarithm, or itself. Whole numbers own the
 * half unit on either side of them.
 */
export function axisOf({ type, minimum, maximum, log }: NumericDomain): {
  readonly low: number;
  readonly high: number;
  readonly encode: (value: number) => number;
  readonly decode: (position: number) => number;
} {
  const margin = type === 'integer' ? 0.5 : 0;
  const encode = log ? Math.log : (value: number) => value;
  const inverse = log ? Math.exp : (position: number) => position;
  return {
    low: encode(minimum - margin),
    high: encode(maximum + margin),
    encode,
    decode: (position) => {
      const value = inverse(position);
      return Math.min(maximum, Math.max(minimum, type === 'integer' ? Math.round(value) : value));
    },
  };
}

/** The value at `unit` in [0, 1) of a domain. */
export function fromUnit(domain: Domain, unit: number): Json {
  if (domain.type === 'choice') {
    const index = Math.min(domain.choices.length - 1, Math.floor(unit * domain.choices.length));
    return domain.choices[index] as Json;
  }
  const { low, high, decode } = axisOf(domain);
  return decode(low + unit * (high - low));
}

/** A point drawn evenly (by ratio, for log domains). */
export function randomPoint(space: Space, random: Random): Point {
  return drawPoint(space, ({ domain }) => fromUnit(domain, random.uniform()));
}
