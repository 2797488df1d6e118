import type { Random } from '../core/random.js';
import type { Database } from './duckdb.js';

/**
 * `count` of the numbers 0 … total-1 in ascending order, every set equally likely (selection sampling, Knuth, The Art of
 * Computer Programming 3.4.2, algorithm S).
 */
export function selectRows(total: number, count: number, random: Random): Int32Array {
  const chosen = new Int32Array(Math.min(count, total));
  let taken = 0;
  for (let row = 0; row < total && taken < chosen.length; row++) {
    if (random.uniform() * (total - row) < chosen.length - taken) chosen[taken++] = row;
  }
  return chosen;
}

/** A FROM clause of some rows of the relation in their order: `sample` rows, or that share of them if below 1. */
export async function sampleRows(
  database: Database,
  relation: string,
  sample: number,
  random: Random,
): Promise<string> {
  const [row] = await database.rows(`SELECT count(*) FROM ${relation}`);
  const total = Number(row?.[0] ?? 0);
  const count = sample < 1 ? Math.max(1, Math.round(sample * total)) : Math.floor(sample);
  if (count >= total) return relation;
  await database.run('CREATE OR REPLACE TEMP TABLE sampled (row_number BIGINT)');
  const appender = await database.connection.createAppender('sampled');
  for (const chosen of selectRows(total, count, random)) {
    appender.appendBigInt(BigInt(chosen));
    appender.endRow();
  }
  appender.closeSync();
  const numbered = `(SELECT *, row_number() OVER () - 1 AS row_number FROM ${relation})`;
  return `(SELECT * FROM ${numbered} SEMI JOIN sampled USING (row_number) ORDER BY row_number)`;
}
