import type { Attributes } from './graph.js';

/** Typed reading of node attributes; a wrong type is a bug of whoever made the node. */
export function numberAttribute(attributes: Attributes, name: string, otherwise?: number): number {
  const value = attributes[name];
  if (typeof value === 'number') return value;
  if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
  throw new TypeError(`attribute ${name} is ${JSON.stringify(value)}, not a number`);
}

export function numbersAttribute(attributes: Attributes, name: string): number[] {
  const value = attributes[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return [...value];
  throw new TypeError(`attribute ${name} is ${JSON.stringify(value)}, not a list of numbers`);
}

export function booleanAttribute(attributes: Attributes, name: string): boolean {
  const value = attributes[name];
  return value === true;
}

export function stringAttribute(attributes: Attributes, name: string): string {
  const value = attributes[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`attribute ${name} is ${JSON.stringify(value)}, not a string`);
}

export function stringsAttribute(attributes: Attributes, name: string): string[] {
  const value = attributes[name];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return [...value];
  throw new TypeError(`attribute ${name} is ${JSON.stringify(value)}, not a list of strings`);
}

/** Pairs of numbers, as paddings are given. */
export function pairsAttribute(attributes: Attributes, name: string): [number, number][] {
  const value = attributes[name];
  if (!Array.isArray(value)) throw new TypeError(`attribute ${name} is ${JSON.stringify(value)}, not pairs`);
  return value.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError(`attribute ${name} is not pairs`);
    return [Number(pair[0]), Number(pair[1])];
  });
}

/** An `axis` attribute: one number, several, or null for all. tfjs' Max calls it `reductionIndices`. */
export function axisAttribute(attributes: Attributes, name = 'axis'): number | readonly number[] | null {
  const value = attributes[name] ?? attributes['reductionIndices'];
  if (value === undefined || value === null || typeof value === 'number') return value ?? null;
  return numbersAttribute({ [name]: value }, name);
}
