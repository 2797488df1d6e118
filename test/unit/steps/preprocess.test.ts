import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FeaturesContent, type SplitName, SPLITS } from '../../../src/core/artifacts.js';
import { silentReporter } from '../../../src/core/reporter.js';
import type { StepContext } from '../../../src/core/step.js';
import { loadFeatures } from '../../../src/features/index.js';
import { collect } from '../../../src/steps/collect/collect.js';
import { readFeatures, readSplit } from '../../../src/steps/features-dataset.js';
import {
  preprocess,
  type PreprocessOptions,
  type PreprocessResult,
} from '../../../src/steps/preprocess/preprocess.js';
import type { Manifest } from '../../../src/workspace/manifest.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import { vegaRecords } from '../../helpers/tables.js';

let folder: string;
const warnings: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preprocess-'));
});
afterAll(() => rm(folder, { recursive: true }));

function contextFor(name: string): StepContext {
  return {
    workspace: join(folder, name),
    reporter: { ...silentReporter, warn: (message) => void warnings.push(message) },
    signal: new AbortController().signal,
  };
}

type Row = Readonly<Record<string, unknown>>;

/** Collects records as JSON Lines into a workspace of that name. */
async function collected(
  name: string,
  rows: readonly Row[],
  target: string | undefined,
  type: string[] = [],
): Promise<StepContext> {
  const context = contextFor(name);
  const path = join(folder, `${name}.jsonl`);
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  await collect({ sources: [path], target, type }, context);
  return context;
}

interface Prepared {
  readonly result: PreprocessResult;
  readonly manifest: Manifest<FeaturesContent>;
  readonly workspace: Workspace;
}

async function prepared(context: StepContext, options: PreprocessOptions = {}): Promise<Prepared> {
  const result = await preprocess(options, context);
  const workspace = new Workspace(context.workspace);
  return { result, workspace, manifest: await workspace.find<FeaturesContent>('features', result.id) };
}

interface Rows {
  readonly x: number[];
  readonly y: number[];
  readonly row: number[];
  readonly weight: number[];
}

async function rowsOf({ workspace, manifest }: Prepared, split: SplitName): Promise<Rows> {
  const rows: Rows = { x: [], y: [], row: [], weight: [] };
  for await (const shard of readSplit(workspace, manifest, split)) {
    rows.x.push(...shard.x);
    rows.y.push(...shard.y);
    rows.row.push(...shard.row);
    rows.weight.push(...(shard.weight ?? []));
  }
  return rows;
}

const PENGUINS = vegaRecords('penguins.json');

describe('penguins', () => {
  let penguins: Prepared;
  let context: StepContext;
  beforeAll(async () => {
    context = await collected('penguins', PENGUINS, 'Species');
    penguins = await prepared(context);
  });

  test('every row is in one split, with its class and its features', async () => {
    const { result, manifest, workspace } = penguins;
    expect(result).toMatchObject({
      task: 'multiclass',
      target: { classes: ['Adelie', 'Chinstrap', 'Gentoo'] },
      upToDate: false,
    });
    const seen: number[] = [];
    for (const split of SPLITS) {
      const rows = await rowsOf(penguins, split);
      expect(rows.row).toHaveLength(result.rows[split]);
      expect(rows.x).toHaveLength(result.rows[split] * result.features);
      expect(rows.row).toEqual([...rows.row].sort((a, b) => a - b));
      rows.row.forEach((row, i) => {
        expect(['Adelie', 'Chinstrap', 'Gentoo'][rows.y[i] as number]).toBe(PENGUINS[row]?.['Species']);
      });
      seen.push(...rows.row);
    }
    expect(seen.sort((a, b) => a - b)).toEqual(PENGUINS.map((_, row) => row));
    expect(result.rows).toEqual({ train: 241, validation: 52, test: 51 });
    const fitted = loadFeatures(await readFeatures(workspace, manifest));
    expect(fitted.layout).toEqual(manifest.content.layout);
  });

  test('the training rows are standardised, to the figure', async () => {
    const { x, row } = await rowsOf(penguins, 'train');
    const { layout } = penguins.manifest.content;
    const at = layout.findIndex(({ name }) => name === 'Body Mass (g)');
    const known = row
      .map((index) => PENGUINS[index]?.['Body Mass (g)'])
      .filter((value) => value !== null) as number[];
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
    row.forEach((index, i) => {
      const raw = PENGUINS[index]?.['Body Mass (g)'];
      if (typeof raw !== 'number') return;
      const z = (raw - mean) / deviation;
      expect(x[i * layout.length + at]).toBeCloseTo(z / Math.sqrt(1 + (z / 5) ** 2), 5);
    });
  });

  test('the same again is up to date; other options are another set; --force makes it again, the same', async () => {
    const again = await preprocess({}, context);
    expect(again).toEqual({ ...penguins.result, upToDate: true });
    const other = await preprocess({ seed: 1 }, context);
    expect(other.id).not.toBe(penguins.result.id);
    // What was asked for last is what train takes.
    await preprocess({}, context);
    expect(await new Workspace(context.workspace).current('features')).toBe(penguins.result.id);
    const forced = await prepared(context, { force: true });
    expect(forced.result).toEqual(penguins.result);
    expect(forced.manifest.files).toEqual(penguins.manifest.files);
  });

  test('splits as CSV', async () => {
    const directory = join(folder, 'csv', 'deep');
    const { csv, rows } = await preprocess({ writeCsv: directory }, context);
    expect(csv).toEqual(
      SPLITS.flatMap((split) => [join(directory, `x_${split}.csv`), join(directory, `y_${split}.csv`)]),
    );
    for (const split of SPLITS) {
      const x = (await readFile(join(directory, `x_${split}.csv`), 'utf8')).trimEnd().split('\n');
      const y = (await readFile(join(directory, `y_${split}.csv`), 'utf8')).trimEnd().split('\n');
      expect(x[0]).toBe(penguins.manifest.content.layout.map(({ name }) => name).join(','));
      expect(y[0]).toBe('Species');
      expect(x).toHaveLength(rows[split] + 1);
      const stored = await rowsOf(penguins, split);
      expect(x.slice(1).flatMap((line) => line.split(',').map((cell) => Math.fround(Number(cell))))).toEqual(
        stored.x.map((value) => value + 0),
      );
      expect(y.slice(1)).toEqual(stored.row.map((row) => PENGUINS[row]?.['Species']));
    }
  });
});

test('nothing that is fitted depends on validation or test rows', async () => {
  const context = await collected('leak', PENGUINS, 'Species');
  const before = await prepared(context);
  const held = new Set([...(await rowsOf(before, 'validation')).row, ...(await rowsOf(before, 'test')).row]);
  // Held-out rows become absurd in every column but the target, which decides the split.
  const changed = PENGUINS.map((row, i) =>
    held.has(i)
      ? { ...row, Island: `only here ${i}`, 'Body Mass (g)': 1e9 * i, 'Beak Length (mm)': null, Sex: null }
      : row,
  );
  const after = await prepared(await collected('leak-changed', changed, 'Species'));
  // What was learned of each column; its schema says how many cells collect saw, of all rows.
  const learned = async ({ workspace, manifest }: Prepared): Promise<unknown> => {
    const { columns } = loadFeatures(await readFeatures(workspace, manifest));
    return columns.map(({ schema, state }) => [schema.name, state]);
  };
  expect(await learned(after)).toEqual(await learned(before));
  expect(after.manifest.content.target).toEqual(before.manifest.content.target);
  expect(await rowsOf(after, 'train')).toEqual(await rowsOf(before, 'train'));
  expect((await rowsOf(after, 'test')).x).not.toEqual((await rowsOf(before, 'test')).x);
});

/** 60 rows: two classes, a number, a group of three rows each, a day each. */
function sixty(change: (row: Record<string, unknown>, i: number) => Row = (row) => row): Row[] {
  return Array.from({ length: 60 }, (_, i) =>
    change(
      {
        y: i % 3 === 0 ? 'yes' : 'no',
        n: (i * 7919) % 101,
        w: 1 + (i % 4),
        household: `h${Math.floor(i / 3)}`,
        day: new Date(Date.UTC(2020, 0, 1 + ((i * 7) % 60))).toISOString().slice(0, 10),
        part: ['train', 'train', 'train', 'val', 'TEST'][i % 5] ?? '',
      },
      i,
    ),
  );
}

describe('ways to split', () => {
  let context: StepContext;
  const rows = sixty();
  beforeAll(async () => {
    context = await collected('ways', rows, 'y', ['household=category']);
  });

  test('groups stay together and are no feature', async () => {
    const found = await prepared(context, { group: 'household' });
    const where = new Map<unknown, SplitName>();
    for (const split of SPLITS) {
      for (const row of (await rowsOf(found, split)).row) {
        const household = rows[row]?.['household'];
        expect(where.get(household) ?? split).toBe(split);
        where.set(household, split);
      }
    }
    expect(found.result.columns).not.toContain('household');
    expect(found.manifest.content.splitting).toEqual({ method: 'group', column: 'household', given: [] });
    const kept = await preprocess({ group: 'household', feature: ['household'] }, context);
    expect(kept.columns).toContain('household');
  });

  test('by time: the latest days are for testing', async () => {
    const found = await prepared(context, { timeColumn: 'day' });
    const days = async (split: SplitName): Promise<string[]> =>
      (await rowsOf(found, split)).row.map((row) => String(rows[row]?.['day'])).sort();
    const [train, validation, last] = [await days('train'), await days('validation'), await days('test')];
    expect([train.length, validation.length, last.length]).toEqual([42, 9, 9]);
    expect(String(train.at(-1)) < String(validation[0])).toBe(true);
    expect(String(validation.at(-1)) < String(last[0])).toBe(true);
  });

  test('by a column that says it', async () => {
    const found = await prepared(context, { splitColumn: 'part' });
    expect(found.result.rows).toEqual({ train: 36, validation: 12, test: 12 });
    expect((await rowsOf(found, 'test')).row.every((row) => row % 5 === 4)).toBe(true);
  });

  test('validation and test rows from a file and from a data set', async () => {
    const test2 = join(folder, 'given.csv');
    await writeFile(
      test2,
      'n,y,w,household,day,part\n5,yes,1,h1,2020-01-01,train\n6,,1,h1,2020-01-01,\n7,maybe,1,x,,\n8,no,1,h2,2020-02-01,\n',
    );
    const other = join(folder, 'validation.jsonl');
    await writeFile(
      other,
      sixty()
        .slice(0, 30)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    const data = await collect(
      { sources: [other], target: 'y', type: ['household=category'] },
      { ...context, workspace: context.workspace },
    );
    const first = await collect(
      { sources: [join(folder, 'ways.jsonl')], target: 'y', type: ['household=category'] },
      context,
    );
    warnings.length = 0;
    const found = await prepared(context, {
      data: first.id,
      testData: test2,
      validationData: data.id,
      drop: ['part'],
    });
    expect(found.result.rows).toEqual({ train: 60, validation: 30, test: 2 });
    expect(await rowsOf(found, 'test')).toMatchObject({ y: [1, 0], row: [0, 3] });
    expect(found.result.cleaning).toMatchObject({ rowsRead: 94, withoutTarget: 1, unknownClass: 1 });
    expect(warnings).toEqual([
      expect.stringContaining('1 validation or test rows have a class') as string,
      expect.stringContaining('30 of the 30 validation rows repeat a training row') as string,
    ]);
    // Another content of the same file is another feature set.
    await writeFile(test2, 'n,y,w,household,day,part\n5,yes,1,h1,2020-01-01,train\n');
    const next = await preprocess(
      { data: first.id, testData: test2, validationData: data.id, drop: ['part'] },
      context,
    );
    expect(next.id).not.toBe(found.result.id);
    expect(next.rows.test).toBe(1);
    await expect(preprocess({ testData: 'no such file.csv' }, context)).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
  });
});

describe('rows that are given for the test', () => {
  test('are warned of when they are training rows, but not for few values that any rows share', async () => {
    const context = await collected('leaked', sixty(), 'y', ['household=category']);
    const file = join(folder, 'leaked.jsonl');
    warnings.length = 0;
    const { rows } = await preprocess({ testData: file }, context);
    expect(rows.test).toBe(60);
    expect(warnings).toEqual([
      `${rows.train} of the 60 test rows repeat a training row, target included: the model is measured on what it has learned.`,
    ]);

    const few = Array.from({ length: 60 }, (_, i) => ({ a: i % 3 === 0, y: i % 2 === 0 ? 'u' : 'v' }));
    const plain = await collected('few-values', few, 'y');
    await writeFile(
      join(folder, 'fresh.jsonl'),
      few
        .slice(0, 6)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    warnings.length = 0;
    await preprocess({ testData: join(folder, 'fresh.jsonl') }, plain);
    expect(warnings).toEqual([]);
  });
});

test('the target cannot be dropped', async () => {
  const context = await collected('dropped', sixty(), 'y');
  await expect(preprocess({ drop: ['y'] }, context)).rejects.toMatchObject({
    code: 'USAGE',
    message: '"y" is the target and cannot be dropped as well.',
  });
  await expect(preprocess({ drop: ['n'], target: 'n' }, context)).rejects.toMatchObject({ code: 'USAGE' });
});

describe('cleaning', () => {
  test('rows without target, with missing cells (if asked) and repeated ones (if asked) are left out and counted', async () => {
    const rows = sixty((row, i) => ({
      ...row,
      y: i < 4 ? null : row['y'],
      n: i >= 50 && i < 53 ? null : row['n'],
    }));
    const context = await collected('cleaning', [...rows, rows[10] as Row, rows[20] as Row], 'y', [
      'household=category',
    ]);
    const kept = await preprocess({}, context);
    expect(kept.cleaning).toEqual({
      rowsRead: 62,
      withoutTarget: 4,
      withMissing: 0,
      duplicates: 0,
      withoutTime: 0,
      withoutSplit: 0,
      unknownClass: 0,
    });
    const clean = await preprocess({ duplicates: 'drop', impute: ['n=drop'] }, context);
    expect(clean.cleaning).toMatchObject({ withoutTarget: 4, withMissing: 3, duplicates: 2 });
    expect(clean.rows.train + clean.rows.validation + clean.rows.test).toBe(53);
  });

  test('weights are kept beside the rows and checked', async () => {
    const rows = sixty();
    const context = await collected('weights', rows, 'y', ['household=category']);
    const found = await prepared(context, { weightColumn: 'w' });
    const train = await rowsOf(found, 'train');
    expect(train.weight).toEqual(train.row.map((row) => rows[row]?.['w']));
    expect(found.manifest.content.hasWeights).toBe(true);
    expect(found.result.columns).not.toContain('w');
    const bad = await collected(
      'bad-weights',
      sixty((row, i) => ({ ...row, w: i === 7 ? -1 : 1.5 })),
      'y',
    );
    await expect(preprocess({ weightColumn: 'w' }, bad)).rejects.toMatchObject({
      code: 'COLUMN_VALUE',
      message: 'The weight in row 8 of column "w" is -1; a weight is a number from 0 to 1e+30.',
    });
    const large = await collected(
      'large-weights',
      sixty((row, i) => ({ ...row, w: i === 3 ? 1e300 : 1 })),
      'y',
    );
    await expect(preprocess({ weightColumn: 'w' }, large)).rejects.toMatchObject({
      message: 'The weight in row 4 of column "w" is 1e+300; a weight is a number from 0 to 1e+30.',
    });
    const none = await collected(
      'no-weights',
      sixty((row) => ({ ...row, w: 0 })),
      'y',
    );
    await expect(preprocess({ weightColumn: 'w' }, none)).rejects.toMatchObject({
      code: 'COLUMN_VALUE',
      message: expect.stringMatching(/column "w" is 0 in all \d+ training rows/) as string,
    });
    await expect(preprocess({ weightColumn: 'part' }, context)).rejects.toMatchObject({
      code: 'COLUMN_VALUE',
    });
  });
});

describe('the target', () => {
  test('its frequencies, mean and deviation are by weight; rows of weight 0 count for nothing', async () => {
    const rows = sixty((row, i) => ({
      ...row,
      w: i % 3 === 0 ? 0 : (i % 7) + 0.5,
      z: i % 3 === 0 ? 1e6 + i : i / 2,
    }));
    const context = await collected('weighted-target', rows, undefined);
    const sums = new Map<number, number>();
    const classes = await prepared(context, { target: 'y', weightColumn: 'w' });
    const labelled = await rowsOf(classes, 'train');
    for (const [i, label] of labelled.y.entries()) {
      sums.set(label, (sums.get(label) ?? 0) + (labelled.weight[i] ?? 0));
    }
    expect(classes.result.target).toMatchObject({
      classes: ['false', 'true'],
      counts: [28, 14],
      weights: [sums.get(0), sums.get(1)],
    });
    const numbers = await prepared(context, { target: 'z', weightColumn: 'w' });
    const { y, weight } = await rowsOf(numbers, 'train');
    const total = weight.reduce((sum, w) => sum + w, 0);
    const mean = y.reduce((sum, value, i) => sum + value * (weight[i] ?? 0), 0) / total;
    const variance = y.reduce((sum, value, i) => sum + (value - mean) ** 2 * (weight[i] ?? 0), 0) / total;
    const counted = y.filter((_, i) => (weight[i] ?? 0) > 0);
    expect(numbers.result.target).toMatchObject({
      mean: expect.closeTo(mean, 9) as number,
      standardDeviation: expect.closeTo(Math.sqrt(variance), 9) as number,
      minimum: Math.min(...counted),
      maximum: Math.max(...counted),
    });
  });

  test('a number is regression; its scale is that of training', async () => {
    const context = await collected('cars', vegaRecords('cars.json'), 'Miles_per_Gallon');
    const found = await prepared(context);
    expect(found.result.task).toBe('regression');
    expect(found.result.cleaning).toMatchObject({ withoutTarget: 8 });
    const { y } = await rowsOf(found, 'train');
    const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
    expect(found.result.target).toMatchObject({
      minimum: Math.min(...y),
      maximum: Math.max(...y),
      mean: expect.closeTo(mean, 9) as number,
    });
    const classes = await preprocess({ task: 'multiclass', target: 'Cylinders' }, context);
    expect(classes.target).toMatchObject({ classes: ['3', '4', '5', '6', '8'] });
    expect(classes.columns).not.toContain('Cylinders');
  });

  test('two classes: the positive one is the last, or the one asked for', async () => {
    const context = await collected('binary', sixty(), 'y');
    expect((await preprocess({}, context)).target).toMatchObject({
      task: 'binary',
      classes: ['no', 'yes'],
      counts: [28, 14],
    });
    expect((await preprocess({ positive: 'no' }, context)).target).toMatchObject({
      classes: ['yes', 'no'],
      counts: [14, 28],
    });
    await expect(preprocess({ positive: 'nope' }, context)).rejects.toMatchObject({ code: 'TARGET' });
    await expect(
      preprocess({ positive: 'yes', task: 'regression', target: 'n' }, context),
    ).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('a target named only now: whole numbers of few values are classes, others a quantity', async () => {
    const rows = Array.from({ length: 90 }, (_, i) => ({
      size: i % 3,
      price: i * 1.5,
      flag: i % 2 === 0,
      name: `thing ${i}`,
    }));
    const context = await collected('late', rows, undefined, ['name=category', 'flag=boolean']);
    await expect(preprocess({}, context)).rejects.toMatchObject({
      code: 'TARGET',
      hint: 'aimaas preprocess --target COLUMN',
    });
    expect((await preprocess({ target: 'size' }, context)).target).toMatchObject({
      classes: ['0', '1', '2'],
    });
    expect((await preprocess({ target: 'price' }, context)).task).toBe('regression');
    expect((await preprocess({ target: 'flag' }, context)).target).toMatchObject({
      classes: ['false', 'true'],
    });
    await expect(preprocess({ target: 'name', task: 'regression' }, context)).rejects.toMatchObject({
      code: 'TARGET',
      message: expect.stringContaining('"thing 0"') as string,
    });
    await expect(preprocess({ target: 'size', task: 'binary' }, context)).rejects.toMatchObject({
      code: 'TARGET',
      message: expect.stringContaining('has 3 classes ("0", "1", "2")') as string,
    });
    await expect(preprocess({ target: 'prise' }, context)).rejects.toMatchObject({
      code: 'COLUMN_NOT_FOUND',
      message: expect.stringContaining('Did you mean "price"?') as string,
    });
  });

  test('one class, no value at all, or text in every row cannot be learned', async () => {
    const one = await collected(
      'one-class',
      sixty((row) => ({ ...row, y: 'yes' })),
      'y',
    );
    await expect(preprocess({}, one)).rejects.toMatchObject({
      code: 'TARGET',
      message: expect.stringContaining('only the class "yes"') as string,
    });
    const none = await collected(
      'no-target',
      sixty((row) => ({ ...row, y: null })),
      'y',
    );
    await expect(preprocess({}, none)).rejects.toMatchObject({ code: 'TARGET' });
    const texts = Array.from({ length: 1200 }, (_, i) => ({ n: i, y: `a text of its own ${i}` }));
    await expect(preprocess({}, await collected('texts', texts, 'y'))).rejects.toMatchObject({
      code: 'TARGET',
      message: expect.stringContaining('has 1200 different values') as string,
    });
    const constant = await collected(
      'constant',
      sixty((row) => ({ ...row, n: 2.5 })),
      'y',
    );
    await expect(preprocess({ target: 'n', task: 'regression' }, constant)).rejects.toMatchObject({
      code: 'TARGET',
    });
  });

  test('rare classes: one row is for training, a class that only the future has is left out', async () => {
    const rows = sixty((row, i) => ({ ...row, y: i === 11 ? 'once' : row['y'] }));
    warnings.length = 0;
    const found = await prepared(await collected('rare', rows, 'y'));
    expect((await rowsOf(found, 'train')).row).toContain(11);
    expect(warnings).toEqual([expect.stringContaining('"once"') as string]);
    const future = sixty((row) => ({ ...row, y: String(row['day']) > '2020-02-20' ? 'new' : row['y'] }));
    const split = await preprocess({ timeColumn: 'day' }, await collected('future', future, 'y'));
    expect(split.target).toMatchObject({ classes: ['no', 'yes'] });
    expect(split.cleaning['unknownClass']).toBe(9);
  });
});

describe('settings', () => {
  test('the narrower one wins, and one that does not fit is refused', async () => {
    const context = await collected('settings', PENGUINS, 'Species');
    const found = await prepared(context, {
      scale: ['Body Mass (g)=min_max', 'robust'],
      impute: ['category=most_frequent', 'Sex=auto'],
      encode: ['Island=embedding'],
      drop: ['Beak Depth (mm)'],
    });
    const { layout, recipe } = found.manifest.content;
    expect(recipe.choices).toMatchObject({
      'Body Mass (g)': { scale: 'min_max' },
      'Beak Length (mm)': { scale: 'robust' },
      Island: { encode: 'embedding', impute: 'most_frequent' },
      Sex: { impute: 'auto' },
    });
    expect(layout.find(({ name }) => name === 'Island')).toMatchObject({ role: 'code', cardinality: 4 });
    expect(layout.some(({ source }) => source === 'Beak Depth (mm)')).toBe(false);
    const x = (await rowsOf(found, 'train')).x;
    const mass = layout.findIndex(({ name }) => name === 'Body Mass (g)');
    const masses = x.filter((_, i) => i % layout.length === mass);
    expect([Math.min(...masses), Math.max(...masses)]).toEqual([0, 1]);

    for (const options of [
      { scale: ['loud'] },
      { scale: ['Island=standard'] },
      { scale: ['Bodi Mass (g)=standard'] },
      { scale: ['category=standard'] },
      { impute: ['Sex=median'] },
      { impute: ['Body Mass (g)=constant:heavy'] },
      { minFrequency: ['-1'] },
      { textWords: ['0'] },
    ] satisfies PreprocessOptions[]) {
      await expect(preprocess(options, context)).rejects.toMatchObject({ code: 'USAGE' });
    }
    await expect(preprocess({ drop: ['Beak'] }, context)).rejects.toMatchObject({ code: 'COLUMN_NOT_FOUND' });
  });

  test('too few rows are said so', async () => {
    const context = await collected('tiny', sixty().slice(0, 3), 'y');
    await expect(preprocess({ split: '0.5,0.25,0.25' }, context)).rejects.toMatchObject({
      code: 'TOO_FEW_ROWS',
    });
  });
});
