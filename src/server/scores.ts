import { argMax } from '../core/arg-max.js';
import { shortestFloat32 } from '../core/float32.js';
import type { Prediction } from '../core/predictor.js';

/** The answers of a model to some rows: probabilities of its classes, or values. */
export class Scores {
  readonly rows: number;
  /** Row-major `[rows, width]`. */
  readonly values: Float32Array;
  /** The number of classes, or 1. */
  readonly width: number;
  /** In the order of the probabilities; empty for regression. */
  readonly classes: readonly string[];

  constructor(classes: readonly string[], values: Float32Array) {
    this.classes = classes;
    this.width = Math.max(1, this.classes.length);
    this.rows = values.length / this.width;
    this.values = values;
  }

  /** A probability or a value with no more digits than a float32 has. */
  at(row: number, index = 0): number {
    return shortestFloat32(this.values[row * this.width + index] as number);
  }

  /** The most probable class. */
  label(row: number): string {
    return this.classes[argMax(this.values, row * this.width, this.width)] as string;
  }

  /** The probabilities of a row, in the order of the classes. */
  probabilities(row: number): number[] {
    return this.classes.map((_, index) => this.at(row, index));
  }

  prediction(row: number): Prediction {
    if (this.classes.length === 0) return { prediction: this.at(row) };
    // Not by assignment: a class may be called __proto__.
    const entries = this.classes.map((name, index) => [name, this.at(row, index)] as const);
    return { prediction: this.label(row), probabilities: Object.fromEntries(entries) };
  }

  /** Something of every row. */
  map<T>(make: (row: number) => T): T[] {
    return Array.from({ length: this.rows }, (_, row) => make(row));
  }
}
