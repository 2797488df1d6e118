import type { ColumnKind } from '../../core/table.js';
import type { FeatureKind } from '../kind.js';
import { boolean } from './boolean.js';
import { category } from './category.js';
import { date } from './date.js';
import { id } from './id.js';
import { number } from './number.js';
import { text } from './text.js';

/** Every kind of column and what becomes of it. */
export const FEATURE_KINDS: readonly FeatureKind[] = [number, category, boolean, date, text, id];

export function featureKind(kind: ColumnKind): FeatureKind {
  const found = FEATURE_KINDS.find((candidate) => candidate.kind === kind);
  if (found === undefined) throw new Error(`No features are made of columns of kind ${kind}.`);
  return found;
}
