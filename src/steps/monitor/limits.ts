import { AimaasError } from '../../core/errors.js';
import { DRIFT_MEASURES, type DriftMeasure } from '../../core/metric-names.js';
import { didYouMean } from '../../core/suggest.js';
import type { ColumnDrift } from '../../drift/index.js';

/** What --fail-over can set a limit to, and how likely a value as large is without any change. */
const MEASURES = {
  psi: {
    of: 'inputs',
    value: ({ psi }: ColumnDrift) => psi,
    isChance: ({ psi, psiNoise }: ColumnDrift) => psi === null || psiNoise === null || psi <= psiNoise,
  },
  prediction_psi: {
    of: 'predictions',
    value: ({ psi }: ColumnDrift) => psi,
    isChance: ({ psi, psiNoise }: ColumnDrift) => psi === null || psiNoise === null || psi <= psiNoise,
  },
  ks: {
    of: 'inputs',
    value: ({ test }: ColumnDrift) => (test?.name === 'kolmogorov-smirnov' ? test.statistic : null),
    isChance: ({ test }: ColumnDrift) => (test?.pValue ?? 1) > 0.05,
  },
  missing: {
    of: 'inputs',
    value: ({ missing }: ColumnDrift) => missing.current - missing.reference,
    isChance: ({ missing }: ColumnDrift) => missing.pValue > 0.05,
  },
  unseen: { of: 'inputs', value: ({ unseen }: ColumnDrift) => unseen, isChance: () => false },
} as const satisfies Readonly<Record<DriftMeasure, object>>;

/** A limit set with --fail-over: the most a measure may be in any column. */
export type Limit = { readonly measure: DriftMeasure; readonly limit: number };

export type JudgedLimit = Limit & {
  /** The largest value of any judged column; null where no column has one. */
  readonly value: number | null;
  /** Columns over the limit by more than chance. */
  readonly columns: readonly string[];
  readonly met: boolean;
};

/**
 * The limits written as MEASURE=NUMBER.
 * @throws AimaasError USAGE for anything else.
 */
export function parseLimits(texts: readonly string[]): Limit[] {
  return texts.map((text) => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/su.exec(text) ?? [];
    const limit = value.trim() === '' ? NaN : Number(value);
    if (name.trim() === '' || !Number.isFinite(limit) || limit < 0) {
      throw new AimaasError('USAGE', `--fail-over got "${text}"; expected MEASURE=NUMBER.`, {
        hint: '--fail-over psi=0.2',
      });
    }
    const measure = DRIFT_MEASURES.find((known) => known === name.trim());
    if (measure === undefined) {
      throw new AimaasError(
        'USAGE',
        `--fail-over knows no measure "${name.trim()}". ${didYouMean(name.trim(), DRIFT_MEASURES)}`,
        { hint: '--fail-over psi=0.2' },
      );
    }
    return { measure, limit };
  });
}

/** Holds the limits against the columns; dates are left out, because time moves by itself. */
export function judgeLimits(
  limits: readonly Limit[],
  drift: { readonly inputs: readonly ColumnDrift[]; readonly predictions: readonly ColumnDrift[] },
): JudgedLimit[] {
  return limits.map(({ measure, limit }) => {
    const { of, value, isChance } = MEASURES[measure];
    const valued = drift[of].flatMap((column) => {
      const found = column.judged ? value(column) : null;
      return found === null ? [] : [{ column, found }];
    });
    const over = valued.filter(({ column, found }) => found > limit && !isChance(column));
    return {
      measure,
      limit,
      value: valued.length === 0 ? null : Math.max(...valued.map(({ found }) => found)),
      columns: over.map(({ column }) => column.name),
      met: over.length === 0,
    };
  });
}
