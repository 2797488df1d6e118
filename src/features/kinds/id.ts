import type { FeatureKind } from '../kind.js';

/** An identifier: different in every row, so that nothing learned from one row holds for another. Left out. */
export const id: FeatureKind = {
  kind: 'id',
  storage: 'string',
  version: 1,
  start: () => ({ add: () => undefined, finish: () => ({ version: 1 }) }),
  layout: () => [],
  left: () => 'it is an identifier',
  compile: () => ({ write: () => undefined }),
  graphInput: 'string',
  graph: () => [],
};
