/** Turns data into pixels. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** The 1, 2 or 5 times a power of ten that cuts `span` into about `count` parts. */
function niceStep(span: number, count: number): number {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return (lead <= Math.SQRT2 ? 1 : lead <= Math.sqrt(10) ? 2 : lead <= Math.sqrt(50) ? 5 : 10) * power;
}

const SUFFIXES = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A tick's text, with as many decimals as tell it from its neighbours `step` away. */
function tickLabel(value: number, step: number, largest: number): string {
  if (value === 0) return '0';
  if (largest < 1e-4 || largest >= 1e15)
    return value.toExponential(largest / step >= 10 ? 1 : 0).replace('e+', 'e');
  const [unit, suffix] = (largest >= 1e4 ? SUFFIXES.find(([size]) => largest >= size) : undefined) ?? [1, ''];
  const decimals = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  const text = (value / unit).toFixed(Math.min(decimals, 10));
  return `${text.replace('-', '−')}${suffix}`;
}

/** A range that has room around the values and is never empty. */
export function paddedDomain(values: Iterable<number>, padding = 0.04): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low === high) {
    const half = low === 0 ? 1 : Math.abs(low) * 0.1;
    return [low - half, high + half];
  }
  const room = (high - low) * padding;
  return [low - room, high + room];
}

/** A linear scale with round ticks inside the domain. */
export function linearScale(
  domain: readonly [number, number],
  range: readonly [number, number],
  count = 5,
): Scale {
  const [low, high] = domain;
  const span = high - low;
  const factor = span === 0 ? 0 : (range[1] - range[0]) / span;
  const step = niceStep(span === 0 ? 1 : span, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const largest = Math.max(Math.abs(first), Math.abs(last)) * step;
  const ticks = Array.from({ length: Math.max(0, Math.min(50, last - first + 1)) }, (_, i) => {
    const value = (first + i) * step;
    return { value, label: tickLabel(value, step, largest) };
  });
  return Object.assign((value: number) => range[0] + (value - low) * factor, { ticks });
}

/** A logarithmic scale with a tick at every power of ten (and at 2 and 5 times one where there are few). */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const low = Math.log10(domain[0]);
  const high = Math.log10(domain[1]);
  const factor = high === low ? 0 : (range[1] - range[0]) / (high - low);
  const leads = high - low <= 2 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((high - low) / 7));
  const ticks: { value: number; label: string }[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power += every) {
    for (const lead of leads) {
      const value = lead * 10 ** power;
      if (value < domain[0] * 0.999 || value > domain[1] * 1.001) continue;
      ticks.push({ value, label: tickLabel(value, value, value) });
    }
  }
  return Object.assign((value: number) => range[0] + (Math.log10(value) - low) * factor, { ticks });
}
