import { describe, expect, test } from 'vitest';
import { didYouMean, nearestName } from '../../../src/core/suggest.js';

describe('nearestName', () => {
  test.each([
    ['targte', 'target'],
    ['Accuracy', 'accuracy'],
    ['balanced-accuracy', 'balanced_accuracy'],
    ['acuracy', 'accuracy'],
    ['1f', 'f1'],
    ['acc', 'accuracy'],
    ['bal', 'balanced_accuracy'],
  ])('%s means %s', (typed, meant) => {
    expect(nearestName(typed, ['target', 'accuracy', 'balanced_accuracy', 'f1'])).toBe(meant);
  });

  test('nothing is near enough, or there is nothing', () => {
    expect(nearestName('xylophone', ['target', 'accuracy'])).toBeUndefined();
    expect(nearestName('target', [])).toBeUndefined();
    expect(nearestName('target'.repeat(3_000_000), ['target'.repeat(2_900_000), 'target'])).toBeUndefined();
    expect(nearestName('a', ['色', 'b'])).toBeUndefined();
    expect(nearestName('a', ['A'])).toBe('A');
  });

  test('finds names in other scripts', () => {
    expect(nearestName('価額', ['価格', '数量'])).toBe('価格');
  });
});

test('didYouMean lists at most twenty names when none is near', () => {
  const many = Array.from({ length: 30 }, (_, i) => `column_${i}`);
  expect(didYouMean('zzz', ['a', 'b'])).toBe('Known: a, b.');
  expect(didYouMean('zzz', [])).toBe('There are none.');
  expect(didYouMean('zzzzzzzzzzzz', many)).toMatch(/^Known: column_0, .*column_19, …\.$/);
});
