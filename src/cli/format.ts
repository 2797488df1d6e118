/** A number for a person: whole ones in full, others to four significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? value.toLocaleString('en-US') : String(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9) return value.toExponential(3);
  if (size < 1) return value.toFixed(4);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 5, useGrouping: true });
}

/** 1536 → "1.5 KB"; powers of 1000, as disks are sold. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 99.5 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Seconds as "0.4 s", "12 s", "3 min 05 s", "2 h 10 min", "4 d 2 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** Time since an ISO date for a table: "just now", "5 min ago", "3 d ago". */
export function formatAge(createdAt: string, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(createdAt)) / 1000);
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** The last `width` values as bars between their lowest and highest; values that are not finite are left blank. */
export function sparkline(values: readonly number[], width = 16): string {
  const shown = values.slice(-width);
  const finite = shown.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return '';
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  return shown
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const height = range === 0 ? 0 : Math.round(((value - low) / range) * (BARS.length - 1));
      return BARS[height] ?? '';
    })
    .join('');
}
