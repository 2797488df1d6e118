import { describe, expect, test } from 'vitest';
import type { Column, ColumnKind, DataSchema, Table } from '../../../src/core/table.js';
import type { TensorData } from '../../../src/core/tensor.js';
import { engine } from '../../../src/engines/index.js';
import {
  appendFeatureGraph,
  type ChoiceSettings,
  FeatureFitter,
  type FittedFeatures,
  resolveChoices,
} from '../../../src/features/index.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import {
  CAR_KINDS,
  cars,
  type Cell,
  columnOf,
  PENGUIN_KINDS,
  penguins,
  schemaOf,
} from '../../helpers/tables.js';

/** Raw columns as the inputs of a graph: NaN and "" for missing. */
function feedsOf(features: FittedFeatures, table: Table): Record<string, TensorData> {
  const shape = [table.rows, 1];
  return Object.fromEntries(
    features.schema.columns.map(({ name }): [string, TensorData] => {
      const column = table.columns.get(name) as Column;
      return column.storage === 'number'
        ? [name, { dtype: 'float64', shape, data: column.values }]
        : [
            name,
            {
              dtype: 'string',
              shape,
              data: Array.from(column.codes, (code) => column.dictionary[code] ?? ''),
            },
          ];
    }),
  );
}

function fit(schema: DataSchema, table: Table, settings: ChoiceSettings = {}): FittedFeatures {
  const fitter = new FeatureFitter(schema, resolveChoices(settings, schema));
  fitter.add(table);
  return fitter.finish();
}

/** The largest difference between the graph, run by ONNX Runtime, and `transform`, relative to values above 1. */
async function difference(features: FittedFeatures, table: Table): Promise<number> {
  const builder = new GraphBuilder();
  const { inputs, matrix } = appendFeatureGraph(builder, features);
  expect([...inputs.keys()]).toEqual(features.schema.columns.map(({ name }) => name));
  builder.output('features', matrix);
  const executable = await (await engine('onnxruntime')).compile(builder.build(), {});
  try {
    const { features: result } = await executable.run(feedsOf(features, table));
    expect(result?.shape).toEqual([table.rows, features.layout.length]);
    const expected = features.transform(table);
    const actual = result?.data as Float32Array;
    return expected.reduce((worst, value, i) => {
      const gap = Math.abs(value - (actual[i] as number)) / Math.max(1, Math.abs(value));
      return Math.max(worst, Number.isNaN(gap) ? Infinity : gap);
    }, 0);
  } finally {
    await executable.dispose();
  }
}

function tableFrom(
  more: Readonly<Record<string, readonly Cell[]>>,
  kinds: Record<string, ColumnKind>,
): Table {
  const rows = Object.values(more)[0]?.length ?? 0;
  const columns = new Map(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      columnOf(kind, more[name] ?? Array<Cell>(rows).fill(null)),
    ]),
  );
  return { rows, columns };
}

const PENGUINS = schemaOf(PENGUIN_KINDS, 'Species');

describe('the graph gives what transform gives', () => {
  test.each([
    ['defaults', {}],
    ['min_max and embeddings', { scale: ['min_max'], encode: ['embedding'] }],
    ['robust, imputed categories', { scale: ['robust'], impute: ['category=most_frequent', 'mean'] }],
    ['quantile', { scale: ['quantile'], missingIndicator: ['off'] }],
    ['rows of length 1', { scale: ['l2'] }],
    ['unscaled, clipped', { scale: ['none'], outliers: ['clip'], impute: ['Sex=constant:MALE'] }],
    ['rare levels', { minFrequency: ['60'], scale: ['none'] }],
    ['rare levels, imputed', { minFrequency: ['60'], impute: ['Sex=constant:FEMALE', 'Island=drop'] }],
    ['one column in length', { scale: ['standard', 'Body Mass (g)=l2'] }],
  ] as const)('penguins: %s', async (_name, settings) => {
    const table = penguins();
    expect(await difference(fit(PENGUINS, table, settings), table)).toBeLessThan(1e-6);
  });

  test('cars: dates and numbers with missing cells', async () => {
    const kinds = Object.fromEntries(Object.entries(CAR_KINDS).filter(([, kind]) => kind !== 'text'));
    const schema = schemaOf(kinds);
    const table = cars();
    expect(await difference(fit(schema, table), table)).toBeLessThan(1e-6);
  });

  const KINDS: Record<string, ColumnKind> = {
    n: 'number',
    big: 'number',
    few: 'category',
    many: 'category',
    two: 'category',
    flag: 'boolean',
    when: 'date',
  };
  const levels = Array.from({ length: 30 }, (_, i) => `level ${i}`);
  const training: Record<string, readonly Cell[]> = {
    n: levels.map((_, i) => (i % 7 === 0 ? null : i / 3)),
    big: levels.map((_, i) => 1e12 + i * 1e-3),
    few: levels.map((_, i) => ['ä', '日本', '🙂', null][i % 4] ?? null),
    many: levels,
    two: levels.map((_, i) => (i % 2 === 0 ? 'yes' : 'no')),
    flag: levels.map((_, i) => (i % 5 === 0 ? null : i % 2 === 0)),
    when: levels.map((_, i) => (i % 6 === 0 ? null : Date.UTC(1990 + i, i, i, i))),
  };
  const nasty: Record<string, readonly Cell[]> = {
    n: [Infinity, -Infinity, 1e308, -1e308, 5e-324, -0, null, 1e9],
    big: [1e12, 0, Infinity, null, -1e300, 1e12 + 0.0301, 1e13, 1],
    few: ['', ' ', 'never', 'ä', 'A', '__proto__', null, '日本'],
    many: ['level 0', 'level 29', 'level 30', '', null, 'LEVEL 1', 'level 1 ', 'x'.repeat(1000)],
    two: ['yes', 'no', 'maybe', null, '', 'Yes', 'yes', 'no'],
    flag: [true, false, null, true, false, null, true, true],
    when: [8.64e15, -8.64e15, 0, -1, null, Date.UTC(2024, 1, 29, 23, 59, 59, 999), 951_782_400_000, Infinity],
  };

  test.each([
    {},
    { impute: ['median', 'category=most_frequent'] },
    { scale: ['quantile'] },
    { scale: ['l2'] },
  ])('nasty cells: %j', async (settings) => {
    const schema = schemaOf(KINDS);
    const learned = tableFrom(training, KINDS);
    const features = fit(schema, learned, settings);
    expect(await difference(features, learned)).toBeLessThan(1e-6);
    expect(await difference(features, tableFrom(nasty, KINDS))).toBeLessThan(1e-6);
  });
});

test('free text is refused with the column and what to do', () => {
  const features = fit(schemaOf({ Name: 'text', Cylinders: 'number' }), cars());
  expect(() => appendFeatureGraph(new GraphBuilder(), features)).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('Column "Name" (text)') as string,
      hint: expect.stringContaining('--drop "Name"') as string,
    }) as Error,
  );
});
