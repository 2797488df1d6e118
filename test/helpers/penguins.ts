import type { TargetState } from '../../src/core/artifacts.js';
import { type Column, type ColumnSchema, stringColumn, type Table } from '../../src/core/table.js';
import { writePredictorFolder } from './predictor-folder.js';

function column(name: string, kind: ColumnSchema['kind'], dataType: string): ColumnSchema {
  return { name, kind, dataType, reason: 'test' };
}

const COLUMNS: readonly ColumnSchema[] = [
  column('island', 'category', 'string'),
  column('bill_length_mm', 'number', 'float'),
  column('body mass, g', 'number', 'integer'),
  column('male', 'boolean', 'boolean'),
  column('observed', 'date', 'date'),
];

const DAY = 86_400_000;

const ROWS: Table = {
  rows: 6,
  columns: new Map<string, Column>([
    ['island', stringColumn(['Biscoe', 'Dream', 'Torgersen', 'Biscoe', 'Dream', null])],
    ['bill_length_mm', { storage: 'number', values: Float64Array.of(39.1, 46.5, 50, 45.2, 38, NaN) }],
    ['body mass, g', { storage: 'number', values: Float64Array.of(3750, 5400, 3800, 4900, 3300, 4200) }],
    ['male', { storage: 'number', values: Float64Array.of(1, 0, 1, 0, 1, 1) }],
    [
      'observed',
      { storage: 'number', values: Float64Array.of(0, 40, 300, 700, 900, NaN).map((day) => day * DAY) },
    ],
  ]),
};

/** A record the models of this file can answer for. */
export const PENGUIN = {
  island: 'Dream',
  bill_length_mm: 44.5,
  'body mass, g': 4100,
  male: true,
  observed: '1970-11-01',
};

export const SPECIES = ['Adelie', 'Chinstrap', 'Gentoo'] as const;

const TARGETS = {
  multiclass: { task: 'multiclass', column: 'species', classes: SPECIES, counts: [2, 2, 2] },
  binary: { task: 'binary', column: 'rare', classes: ['no', 'yes'], counts: [3, 3] },
  regression: {
    task: 'regression',
    column: 'flipper',
    mean: 200,
    standardDeviation: 10,
    minimum: 170,
    maximum: 230,
  },
} as const satisfies Record<string, TargetState>;

export function penguinTarget(task: keyof typeof TARGETS): TargetState {
  return TARGETS[task];
}

/** Writes a model over the columns of Palmer's penguins: a category, two numbers, a boolean and a date. */
export async function writePenguinModel(
  folder: string,
  task: keyof typeof TARGETS = 'multiclass',
  seed = 1,
): Promise<void> {
  await writePredictorFolder(folder, { columns: COLUMNS, rows: ROWS, target: TARGETS[task], seed });
}
