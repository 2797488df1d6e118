import { type Column, type DataSchema, stringColumn, type Table } from '../core/table.js';

/** Text that no training row can be expected to hold. */
const UNSEEN = '\u2042 never seen \u2042';

/** Columns for which rows of their own are made; with more, they share the last ones. */
const MOST_COLUMNS = 200;

/**
 * Real rows and, made from them, what serving meets besides: for every column a row in which it is missing, for every
 * text column a row with a text never seen, for every number one far outside of what was seen; and a row without any
 * value.
 */
export function probeRows(schema: DataSchema, real: Table): Table {
  if (real.rows === 0) throw new Error('Without a real row there is nothing to make probes from.');
  const varied = schema.columns.slice(0, MOST_COLUMNS);
  const texts = varied.filter(({ name }) => real.columns.get(name)?.storage === 'string');
  const numbers = varied.filter(({ name }) => real.columns.get(name)?.storage === 'number');
  const changes: ReadonlyMap<string, Change>[] = [
    new Map(schema.columns.map(({ name }) => [name, 'missing'])),
    ...varied.map(({ name }) => new Map([[name, 'missing' as const]])),
    ...texts.map(({ name }) => new Map([[name, 'unseen' as const]])),
    ...numbers.map(({ name }) => new Map([[name, 'far' as const]])),
  ];
  const columns = new Map(
    schema.columns.map(({ name }): [string, Column] => {
      const column = real.columns.get(name);
      if (column === undefined) throw new Error(`The rows have no column "${name}".`);
      return [
        name,
        column.storage === 'number' ? withNumbers(column, name, changes) : withTexts(column, name, changes),
      ];
    }),
  );
  return { rows: real.rows + changes.length, columns };
}

type Change = 'missing' | 'unseen' | 'far';

function withNumbers(
  { values }: Extract<Column, { storage: 'number' }>,
  name: string,
  changes: readonly ReadonlyMap<string, Change>[],
): Column {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const far = high >= low ? high + 3 * (high - low) : 1;
  const made = changes.map((change, i) => {
    if (change.get(name) === 'missing') return NaN;
    return change.get(name) === 'far' ? far : (values[i % values.length] ?? NaN);
  });
  return { storage: 'number', values: Float64Array.of(...values, ...made) };
}

function withTexts(
  { codes, dictionary }: Extract<Column, { storage: 'string' }>,
  name: string,
  changes: readonly ReadonlyMap<string, Change>[],
): Column {
  const cells = Array.from(codes, (code) => dictionary[code] ?? null);
  const made = changes.map((change, i) => {
    if (change.get(name) === 'missing') return null;
    return change.get(name) === 'unseen' ? UNSEEN : (cells[i % cells.length] ?? null);
  });
  return stringColumn([...cells, ...made]);
}
