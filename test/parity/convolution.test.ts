import { describe } from 'vitest';
import { convolutionCases } from './cases/convolution.js';
import { paritySuite } from './suite.js';

describe('convolutions, poolings and resizing', () => {
  paritySuite(convolutionCases);
});
