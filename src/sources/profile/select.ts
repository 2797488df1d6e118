/** Ranges this short are sorted, as are those that many exchanges have not made short. */
const SHORT = 64;
const MOST_ROUNDS = 40;

/**
 * Exchanges numbers until those at `places` are what they would be if all were sorted. The rest is only sorted as far as that
 * takes (quickselect, for several places at once).
 */
export function selectPlaces(numbers: Float64Array, places: readonly number[]): void {
  selectWithin(numbers, 0, numbers.length - 1, places, MOST_ROUNDS);
}

function selectWithin(
  numbers: Float64Array,
  first: number,
  last: number,
  places: readonly number[],
  rounds: number,
): void {
  if (places.length === 0) return;
  if (last - first < SHORT || rounds === 0) {
    numbers.subarray(first, last + 1).sort();
    return;
  }
  const pivot = pivotOf(numbers, first, last);
  let [low, high] = [first, last];
  while (low <= high) {
    while ((numbers[low] as number) < pivot) low++;
    while ((numbers[high] as number) > pivot) high--;
    if (low > high) break;
    const number = numbers[low] as number;
    numbers[low++] = numbers[high] as number;
    numbers[high--] = number;
  }
  // What lies between the two equals the pivot.
  const [below, above] = [places.filter((place) => place <= high), places.filter((place) => place >= low)];
  selectWithin(numbers, first, high, below, rounds - 1);
  selectWithin(numbers, low, last, above, rounds - 1);
}

/** The middle one of nine numbers from all over the range. */
function pivotOf(numbers: Float64Array, first: number, last: number): number {
  const some = Float64Array.from({ length: 9 }, (_, i) => numbers[first + (((last - first) * i) >> 3)] ?? 0);
  return some.sort()[4] ?? 0;
}
