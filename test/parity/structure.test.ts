import { describe } from 'vitest';
import { structureCases } from './cases/structure.js';
import { paritySuite } from './suite.js';

describe('structural operations', () => {
  paritySuite(structureCases);
});
