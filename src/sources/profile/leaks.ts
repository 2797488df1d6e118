import { type DataSchema, storageOf } from '../../core/table.js';
import { Correlation } from './correlation.js';
import type { Database } from '../duckdb.js';
import { eachBlock, type Indexed, numeric } from './number-columns.js';
import type { ColumnProfile, Profile } from './profile.js';
import type { ProfileSource } from './profile-source.js';

/** Rows that each value of a column must have on average before it is suspected of giving the target away. */
const LEAK_ROWS_PER_VALUE = 5;
const LEAK_CORRELATION = 0.9999;
/** Classes whose ranges are compared. */
const MOST_RANGES = 50;
/** Larger values overflow in the sums of a correlation. */
const MOST_SQUARABLE = 1e100;
/** Most columns show in so many rows that they give nothing away. */
const FIRST_ROWS = 2048;
/** With more rows than this, the values of columns are counted one by one to bound memory. */
const TOGETHER_ROWS = 200_000;
const COLUMNS_TOGETHER = 24;

/** A column with the SQL of its cell, and of its cell as a number. */
type Subject = Indexed & {
  readonly cell: string;
  readonly number: string;
  readonly profile: ColumnProfile;
};
/** Column → why it is thought to give the target away. */
export type Leaks = ReadonlyMap<string, string>;

/**
 * Columns that give the target away: one of few values of which each stands for one target value; a number that is a
 * straight line of a numeric target; a number whose ranges in the classes do not overlap.
 */
export async function findLeaks(
  database: Database,
  source: ProfileSource,
  profile: Profile,
  schema: DataSchema,
): Promise<Leaks> {
  const all = schema.columns.flatMap((column, index): Subject[] => {
    const its = profile.columns[index];
    if (its === undefined) return [];
    return [{ column, index, cell: `c${index}`, number: numeric(column, index), profile: its }];
  });
  const target = all.find(({ column }) => column.name === schema.target);
  if (target === undefined || target.profile.distinct < 2) return new Map();
  const suspects = all.filter(
    (each) => each !== target && each.column.kind !== 'id' && each.profile.distinct >= 2,
  );
  const search = new Search(database, source, target);
  const found = new Map(await search.determining(suspects));
  const numbers = suspects.filter(
    ({ column }) => storageOf(column.kind) === 'number' && !found.has(column.name),
  );
  const more = storageOf(target.column.kind) === 'number' ? search.lines(numbers) : search.apart(numbers);
  for (const [name, why] of await more) found.set(name, why);
  // In the order of the columns.
  return new Map(
    suspects.flatMap(({ column: { name } }) => {
      const why = found.get(name);
      return why === undefined ? [] : [[name, why]];
    }),
  );
}

class Search {
  private readonly database: Database;
  private readonly source: ProfileSource;
  private readonly target: Subject;

  constructor(database: Database, source: ProfileSource, target: Subject) {
    this.database = database;
    this.source = source;
    this.target = target;
  }

  /** Columns of which each value always goes with the same value of the target. */
  async determining(suspects: readonly Subject[]): Promise<[string, string][]> {
    const few = suspects.filter(
      ({ profile }) => profile.distinct * LEAK_ROWS_PER_VALUE <= this.source.sampledRows,
    );
    // Values that go with two of the target in the first rows do so in all.
    const left = await this.leftByFirstRows(few, async (part, from) => {
      const counts = await this.pairs(part, from);
      return part.filter((_, k) => counts[k]?.values === counts[k]?.pairs);
    });
    const found: [string, string][] = [];
    for (const part of this.parts(left)) {
      const counts = await this.pairs(part, this.source.sample);
      for (const [k, { column }] of part.entries()) {
        const { values = 0, pairs = 0, rows = 0 } = counts[k] ?? {};
        if (values > 1 && pairs === values && rows >= 0.9 * this.source.sampledRows) {
          const many = values.toLocaleString('en-US');
          found.push([column.name, `each of its ${many} values goes with one value of the target`]);
        }
      }
    }
    return found;
  }

  /** Of each column how many values it has where the target has one, how many pairs they are, in how many rows. */
  private async pairs(
    part: readonly Subject[],
    from: string,
  ): Promise<{ values: number; pairs: number; rows: number }[]> {
    const { cell: target } = this.target;
    const aggregates = part.flatMap(({ cell }) => {
      const both = `FILTER (${cell} IS NOT NULL AND ${target} IS NOT NULL)`;
      return [
        `count(DISTINCT ${cell}) ${both}`,
        `count(DISTINCT hash(${cell}, ${target})) ${both}`,
        `count(*) ${both}`,
      ];
    });
    const [row] = await this.database.rows(`SELECT ${aggregates.join(', ')} FROM ${from}`);
    return part.map((_, k) => {
      const [values, pairs, rows] = (row ?? []).slice(3 * k, 3 * k + 3).map(Number) as [
        number,
        number,
        number,
      ];
      return { values, pairs, rows };
    });
  }

  /** Numbers that are a straight line of a numeric target. */
  async lines(suspects: readonly Subject[]): Promise<[string, string][]> {
    const { target } = this;
    const small = suspects.filter(({ profile }) => largest(profile) <= MOST_SQUARABLE);
    if (small.length === 0 || largest(target.profile) > MOST_SQUARABLE) return [];
    const found: [string, string][] = [];
    for (let start = 0; start < small.length; start += COLUMNS_TOGETHER) {
      const part = small.slice(start, start + COLUMNS_TOGETHER);
      const correlations = part.map(() => new Correlation());
      await eachBlock(this.database, this.source.sample, [target, ...part], ([y, ...xs]) => {
        for (const [k, x] of xs.entries()) if (y !== undefined) correlations[k]?.add(x, y);
      });
      for (const [k, { column }] of part.entries()) {
        const correlation = correlations[k]?.value ?? 0;
        if (Math.abs(correlation) >= LEAK_CORRELATION) {
          found.push([column.name, `its correlation with the target is ${correlation.toFixed(5)}`]);
        }
      }
    }
    return found;
  }

  /** Numbers whose ranges in the classes of the target do not overlap. */
  async apart(suspects: readonly Subject[]): Promise<[string, string][]> {
    const { distinct } = this.target.profile;
    if (distinct > MOST_RANGES) return [];
    const many = suspects.filter(({ profile }) => profile.distinct > distinct);
    // Ranges that overlap in the first rows do so in all.
    const left = await this.leftByFirstRows(many, async (part, from) => {
      const ranges = await this.ranges(part, from);
      return part.filter((_, k) => areApart((ranges[k] ?? []).filter(({ rows }) => rows > 0)));
    });
    const found: [string, string][] = [];
    for (const part of this.parts(left)) {
      const ranges = await this.ranges(part, this.source.sample);
      for (const [k, { column }] of part.entries()) {
        const its = ranges[k] ?? [];
        const seen = its.reduce((sum, { rows }) => sum + rows, 0);
        const isSure = its.length > 1 && its.every(({ rows }) => rows >= LEAK_ROWS_PER_VALUE);
        if (isSure && areApart(its) && seen >= 0.9 * this.source.sampledRows) {
          found.push([column.name, 'its ranges in the classes do not overlap']);
        }
      }
    }
    return found;
  }

  /** Of each column its range in each class. */
  private async ranges(part: readonly Subject[], from: string): Promise<Range[][]> {
    const aggregates = part.flatMap(({ number, cell }) => [
      `min(${number})`,
      `max(${number})`,
      `count(${cell})`,
    ]);
    const { cell } = this.target;
    const rows = await this.database.rows(
      `SELECT ${aggregates.join(', ')} FROM ${from} WHERE ${cell} IS NOT NULL GROUP BY ${cell}`,
    );
    return part.map((_, k) =>
      rows.map((row) => {
        const [low, high, count] = row.slice(3 * k, 3 * k + 3).map(Number) as [number, number, number];
        return { low, high, rows: count };
      }),
    );
  }

  /** The suspects that a look at the first rows leaves; all where there are not many more rows. */
  private async leftByFirstRows(
    suspects: readonly Subject[],
    look: (part: readonly Subject[], from: string) => Promise<readonly Subject[]>,
  ): Promise<readonly Subject[]> {
    const { sample, sampledRows } = this.source;
    if (sampledRows <= 2 * FIRST_ROWS) return suspects;
    const left: Subject[] = [];
    for (let start = 0; start < suspects.length; start += COLUMNS_TOGETHER) {
      const part = suspects.slice(start, start + COLUMNS_TOGETHER);
      left.push(...(await look(part, `(SELECT * FROM ${sample} LIMIT ${FIRST_ROWS})`)));
    }
    return left;
  }

  private parts(suspects: readonly Subject[]): (readonly Subject[])[] {
    const size = this.source.rows <= TOGETHER_ROWS ? COLUMNS_TOGETHER : 1;
    const count = Math.ceil(suspects.length / size);
    return Array.from({ length: count }, (_, i) => suspects.slice(i * size, (i + 1) * size));
  }
}

type Range = { readonly low: number; readonly high: number; readonly rows: number };

function areApart(ranges: readonly Range[]): boolean {
  const sorted = [...ranges].sort((a, b) => a.low - b.low);
  return sorted.every(({ low }, r) => r === 0 || low > (sorted[r - 1]?.high ?? Infinity));
}

function largest(profile: ColumnProfile): number {
  return Math.max(Math.abs(profile.numbers?.minimum ?? 0), Math.abs(profile.numbers?.maximum ?? 0));
}
