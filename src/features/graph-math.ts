import type { GraphBuilder } from '../graph/builder.js';
import type { ValueId } from '../graph/graph.js';

/** Arithmetic on float64 columns `[batch, n]` of a graph, so that a formula reads like one. */
export class GraphMath {
  private readonly builder: GraphBuilder;

  constructor(builder: GraphBuilder) {
    this.builder = builder;
  }

  scalar(value: number): ValueId {
    return this.builder.scalar(value, 'float64');
  }

  /** A constant `[1, n]`. */
  row(values: readonly number[]): ValueId {
    return this.builder.constant({
      dtype: 'float64',
      shape: [1, values.length],
      data: Float64Array.from(values),
    });
  }

  add(a: ValueId, b: ValueId): ValueId {
    return this.builder.op('Add', [a, b]);
  }

  subtract(a: ValueId, b: ValueId): ValueId {
    return this.builder.op('Sub', [a, b]);
  }

  multiply(a: ValueId, b: ValueId): ValueId {
    return this.builder.op('Multiply', [a, b]);
  }

  divide(a: ValueId, b: ValueId): ValueId {
    return this.builder.op('RealDiv', [a, b]);
  }

  floor(a: ValueId): ValueId {
    return this.builder.op('Floor', [a]);
  }

  sqrt(a: ValueId): ValueId {
    return this.builder.op('Sqrt', [a]);
  }

  clamp(a: ValueId, low: ValueId, high: ValueId): ValueId {
    return this.builder.op('Minimum', [this.builder.op('Maximum', [a, low]), high]);
  }

  /** `[batch, n]` → `[batch, 1]`. */
  sum(a: ValueId): ValueId {
    return this.builder.op('Sum', [a], { axis: [1], keepDims: true });
  }

  isNan(a: ValueId): ValueId {
    return this.builder.op('IsNan', [a]);
  }

  /** `a` where the condition (bool) holds, else `b`; the three broadcast. */
  select(condition: ValueId, a: ValueId, b: ValueId): ValueId {
    return this.builder.op('Select', [condition, a, b]);
  }

  /** As the element type of features. */
  toFloat32(a: ValueId): ValueId {
    return this.builder.op('Cast', [a], { dtype: 'float32' });
  }
}
