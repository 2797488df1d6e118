/** Index of the largest of `count` scores starting at `from`; the first of equals. */
export function argMax(scores: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++)
    if ((scores[from + i] as number) > (scores[from + best] as number)) best = i;
  return best;
}
