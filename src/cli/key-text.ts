import type { ApiKey } from '../core/api-key.js';

const UNIT: Readonly<Record<number, string>> = { 1: 's', 60: 'm', 3600: 'h', 86_400: 'd' };

/** "10/s", or a dash. */
export function rateText({ rateLimit }: Pick<ApiKey, 'rateLimit'>): string {
  return rateLimit === null
    ? '–'
    : `${rateLimit.requests}/${UNIT[rateLimit.seconds] ?? `${rateLimit.seconds}s`}`;
}

/** "rows=1000/day, requests=50/month", or a dash. */
export function quotaText({ quotas }: Pick<ApiKey, 'quotas'>): string {
  if (quotas.length === 0) return '–';
  return quotas.map(({ unit, period, limit }) => `${unit}=${limit}/${period}`).join(', ');
}

/** "penguins*, cars", or "all". */
export function modelsText({ models }: Pick<ApiKey, 'models'>): string {
  return models.length === 0 ? 'all' : models.join(', ');
}
