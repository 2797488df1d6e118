import type { SignatureInput } from '../core/bundle.js';
import type { Json, JsonObject } from '../core/json.js';
import { type Column, type ColumnKind, type ColumnSchema, storageOf } from '../core/table.js';
import type { FeatureMatrix } from '../exporters/index.js';
import type { FittedFeatures } from '../features/index.js';

type FittedColumn = FittedFeatures['columns'][number];

const DTYPES: Readonly<Record<ColumnKind, SignatureInput['dtype']>> = {
  number: 'number',
  category: 'string',
  boolean: 'boolean',
  date: 'date',
  text: 'string',
  id: 'string',
};

/** The raw columns that a model takes, as its clients must give them. */
export function modelInputs(features: FittedFeatures): SignatureInput[] {
  return features.columns.map(({ schema, state }) => ({
    name: schema.name,
    kind: schema.kind,
    dtype: DTYPES[schema.kind],
    categories: texts(state['levels']),
  }));
}

/** A row as it might come: the value that stands in for a missing one, or the first category. */
export function exampleRecord(features: FittedFeatures): JsonObject {
  return Object.fromEntries(features.columns.map((column) => [column.schema.name, exampleCell(column)]));
}

function exampleCell({ schema, state }: FittedColumn): Json {
  const fill = typeof state['fill'] === 'number' ? state['fill'] : null;
  switch (schema.kind) {
    case 'number':
      return fill === null ? null : roundFor(schema, fill);
    case 'boolean':
      return fill === null || fill > 0;
    case 'date':
      return fill === null ? '2024-01-31' : dayOf(fill);
    case 'category':
    case 'id':
      return texts(state['levels'])?.[0] ?? null;
    case 'text':
      return texts(state['words'])?.slice(0, 3).join(' ') ?? null;
  }
}

/** The matrix that graphs begin at which do not take columns, with the features of the example. */
export function featureMatrix(features: FittedFeatures, example: JsonObject): FeatureMatrix {
  const { columns } = features.schema;
  const cells = columns.map(({ name, kind }) => [name, exampleColumn(kind, example[name] ?? null)] as const);
  const row = features.transform({ rows: 1, columns: new Map(cells) });
  return { layout: features.layout, columns, example: row };
}

function exampleColumn(kind: ColumnKind, value: Json): Column {
  if (storageOf(kind) === 'string') {
    const codes = Int32Array.of(typeof value === 'string' ? 0 : -1);
    return { storage: 'string', codes, dictionary: typeof value === 'string' ? [value] : [] };
  }
  const number = value === null ? NaN : typeof value === 'string' ? Date.parse(value) : Number(value);
  return { storage: 'number', values: Float64Array.of(number) };
}

function roundFor({ dataType }: ColumnSchema, value: number): number {
  return dataType === 'integer' ? Math.round(value) : Number(value.toPrecision(4));
}

function dayOf(milliseconds: number): string | null {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, 10);
}

function texts(value: Json | undefined): readonly string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
}
