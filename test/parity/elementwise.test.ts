import { describe } from 'vitest';
import { elementwiseCases } from './cases/elementwise.js';
import { paritySuite } from './suite.js';

describe('elementwise operations', () => {
  paritySuite(elementwiseCases);
});
