import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, it } from 'vitest';
import { clipNorm, clipWeight } from '../../../src/training/clipping.js';
import { averageKept } from '../../../src/training/schedules.js';

/** Gradients of two members by a weight of two numbers. */
const gradient = (): tf.Tensor =>
  tf.tensor([
    [3, -4],
    [0.3, 0.4],
  ]);
const none = { value: undefined, weightNorm: undefined, globalNorm: undefined };
const rows = (tensor: tf.Tensor): unknown => tensor.arraySync();

describe('gradient clipping', () => {
  it('bounds single values', () => {
    const [first, second] = rows(clipWeight(gradient(), { ...none, value: 0.35 })) as number[][];
    expect(first).toEqual([expect.closeTo(0.35, 6), expect.closeTo(-0.35, 6)]);
    expect(second).toEqual([expect.closeTo(0.3, 6), expect.closeTo(0.35, 6)]);
  });

  it('shortens what is too long, every member by itself, and leaves its direction', () => {
    const expected = [
      [expect.closeTo(0.6, 5), expect.closeTo(-0.8, 5)],
      [expect.closeTo(0.3, 6), expect.closeTo(0.4, 6)],
    ];
    expect(rows(clipWeight(gradient(), { ...none, weightNorm: 1 }))).toEqual(expected);
    expect(rows(clipNorm(gradient(), 1, 1))).toEqual(expected);
    expect(rows(clipNorm(tf.zeros([1, 2]), 1, 1))).toEqual([[0, 0]]);
  });

  it('bounds nothing where there is no limit', () => {
    expect(rows(clipWeight(gradient(), none))).toEqual(rows(gradient()));
  });
});

describe('the average of the weights', () => {
  it('begins by forgetting soon, and ends with the rate asked for', () => {
    expect(averageKept(0.99, 0)).toBeCloseTo(0.1);
    expect(averageKept(0.99, 100)).toBeCloseTo(101 / 110);
    expect(averageKept(0.99, 100_000)).toBe(0.99);
    expect(averageKept(0, 5)).toBe(0);
  });
});
