import { AimaasError } from '../core/errors.js';
import type { Json } from '../core/json.js';

export interface Condition {
  readonly text: string;
  readonly name: string;
  holds(values: Readonly<Record<string, Json>>): boolean;
}

const FORM = /^\s*([\w.-]+)\s*(>=|<=|!=|==?|>|<)\s*(.+?)\s*$/u;

function compare(left: Json, operator: string, right: string): boolean {
  const number = Number(right);
  const numeric = typeof left === 'number' && !Number.isNaN(number);
  const text = typeof left === 'string' ? left : JSON.stringify(left);
  switch (operator) {
    case '=':
    case '==':
      return numeric ? left === number : text === right;
    case '!=':
      return numeric ? left !== number : text !== right;
    case '>=':
      return numeric && left >= number;
    case '<=':
      return numeric && left <= number;
    case '>':
      return numeric && left > number;
    default:
      return numeric && left < number;
  }
}

/**
 * Reads a condition such as "accuracy>=0.9", "family=mlp" or "state!=failed". A run without the value does not meet it.
 * @throws AimaasError USAGE when it is not of the form NAME OPERATOR VALUE.
 */
export function parseCondition(text: string): Condition {
  const match = FORM.exec(text);
  const [, name, operator, value] = match ?? [];
  if (name === undefined || operator === undefined || value === undefined) {
    throw new AimaasError(
      'USAGE',
      `The condition "${text}" cannot be read: expected a name, one of = != < <= > >=, and a value.`,
      { hint: "For example: --where 'accuracy>=0.9' --where family=mlp" },
    );
  }
  if (/^[<>]/.test(operator) && !Number.isFinite(Number(value))) {
    throw new AimaasError(
      'USAGE',
      `The condition "${text}" cannot be read: expected a number after ${operator}, but it is "${value}".`,
      { hint: "For example: --where 'accuracy>=0.9' --where family=mlp" },
    );
  }
  return {
    text,
    name,
    holds(values) {
      const left = values[name];
      return left !== undefined && compare(left, operator, value);
    },
  };
}
