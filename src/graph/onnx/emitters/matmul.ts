import { booleanAttribute } from '../../attributes.js';
import { isFloat, type Emission, type Emitters } from '../emitter.js';

/** The last two axes exchanged. */
function transposed(e: Emission, index: number): string {
  const rank = e.info(index).shape.length;
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return e.emit('Transpose', [e.input(index)], { perm: { ints: perm } });
}

function matMul(e: Emission): void {
  const [transposeA, transposeB] = [
    booleanAttribute(e.attributes, 'transposeA'),
    booleanAttribute(e.attributes, 'transposeB'),
  ];
  const flat = e.info(0).shape.length === 2 && e.info(1).shape.length === 2;
  if (flat && isFloat(e.info().dtype) && (transposeA || transposeB)) {
    e.result('Gemm', [e.input(0), e.input(1)], {
      transA: { int: transposeA ? 1 : 0 },
      transB: { int: transposeB ? 1 : 0 },
    });
    return;
  }
  // Transposes of batches of matrices are folded into the product by the runtime.
  const a = transposeA ? transposed(e, 0) : e.input(0);
  const b = transposeB ? transposed(e, 1) : e.input(1);
  e.result('MatMul', [a, b]);
}

export const matMulEmitters: Emitters = {
  BatchMatMul: matMul,
  /** A matrix product plus a row, made by the pass bias.ts. */
  Gemm: (e) =>
    e.result('Gemm', e.inputs, {
      transA: { int: booleanAttribute(e.attributes, 'transposeA') ? 1 : 0 },
      transB: { int: booleanAttribute(e.attributes, 'transposeB') ? 1 : 0 },
    }),
};
