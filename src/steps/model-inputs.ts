import type { SignatureInput } from '../core/bundle.js';
import type { Json, JsonObject } from '../core/json.js';
import type { ColumnKind, ColumnSchema } from '../core/table.js';
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
