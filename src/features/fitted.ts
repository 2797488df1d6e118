import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../core/json.js';
import type { FeatureColumn, FeatureLayout } from '../core/layout.js';
import { didYouMean } from '../core/suggest.js';
import {
  COLUMN_KINDS,
  type ColumnKind,
  type ColumnSchema,
  type DataSchema,
  type Table,
} from '../core/table.js';
import { VERSION } from '../core/version.js';
import type { KindState, Writer } from './kind.js';
import { featureKind } from './kinds/index.js';

const FORMAT = 1;

/** A raw column with what was learned of it. */
export type FittedColumn = { readonly schema: ColumnSchema; readonly state: KindState };

/** A column that is no feature, and why. */
export type LeftOut = { readonly column: string; readonly reason: string };

interface Compiled {
  readonly fitted: FittedColumn;
  readonly writer: Writer;
  readonly at: Int32Array;
}

const ROLES: readonly FeatureColumn['role'][] = ['numeric', 'indicator', 'code'];

/**
 * The fitted transform of raw columns into the matrix of features that a model sees. Stateless: the same rows give the
 * same features whichever rows they are transformed with. Features are ordered by role (numbers, indicators, codes) and
 * within a role by column, so that a model can take each role as one slice.
 */
export class FittedFeatures {
  readonly layout: FeatureLayout;
  /** The raw columns that are needed, in order; no target. */
  readonly schema: DataSchema;
  readonly columns: readonly FittedColumn[];
  readonly leftOut: readonly LeftOut[];
  /** Of every column in `columns`, where its features are in the matrix. */
  readonly positions: readonly Int32Array[];
  /** Features that are divided together by the length of their row. */
  readonly rowNormalised: Int32Array;
  private readonly compiled: readonly Compiled[];

  constructor(columns: readonly FittedColumn[], leftOut: readonly LeftOut[]) {
    const own = columns.map(({ schema, state }) => featureKind(schema.kind).layout(schema.name, state));
    this.leftOut = [
      ...leftOut,
      ...columns.flatMap(({ schema, state }, i) => {
        const reason = featureKind(schema.kind).left?.(state) ?? 'it has no features';
        return own[i]?.length === 0 ? [{ column: schema.name, reason }] : [];
      }),
    ];
    this.columns = columns.filter((_, i) => (own[i]?.length ?? 0) > 0);
    const placed = own
      .filter((features) => features.length > 0)
      .flatMap((features, column) => features.map((feature, index) => ({ feature, column, index })));
    const ordered = ROLES.flatMap((role) => placed.filter(({ feature }) => feature.role === role));
    this.layout = withUniqueNames(ordered.map(({ feature }) => feature));
    this.schema = { columns: this.columns.map(({ schema }) => schema), target: null };

    const positions = this.columns.map(() => [] as number[]);
    ordered.forEach(({ column, index }, position) => {
      (positions[column] as number[])[index] = position;
    });
    this.positions = positions.map((at) => Int32Array.from(at));
    this.compiled = this.columns.map((fitted, i) => ({
      fitted,
      writer: featureKind(fitted.schema.kind).compile(fitted.state),
      at: this.positions[i] as Int32Array,
    }));
    this.rowNormalised = Int32Array.from(
      this.compiled.flatMap(({ fitted, at }) => {
        const index = featureKind(fitted.schema.kind).rowNormalised?.(fitted.state);
        return index === undefined ? [] : [at[index] as number];
      }),
    );
  }

  /**
   * The features of every row: row-major `[table.rows, layout.length]`. Columns that are not needed are ignored.
   * @throws AimaasError COLUMN_NOT_FOUND for a column that is not in the table.
   */
  transform(table: Table): Float32Array {
    const width = this.layout.length;
    const matrix = new Float32Array(table.rows * width);
    for (const { fitted, writer, at } of this.compiled) {
      const { name, kind } = fitted.schema;
      const column = table.columns.get(name);
      if (column === undefined) throw missingColumn(name, table);
      if (column.storage !== featureKind(kind).storage) {
        throw new AimaasError(
          'COLUMN_VALUE',
          `Column "${name}" holds ${column.storage}s, but the model was trained with it as a ${kind}.`,
          { details: { column: name, expected: kind } },
        );
      }
      writer.write(column, matrix, width, at);
    }
    if (this.rowNormalised.length > 0) this.normaliseRows(matrix, width);
    return matrix;
  }

  /** What `loadFeatures` reads. */
  toJSON(): JsonObject {
    return {
      format: FORMAT,
      columns: this.columns.map(({ schema, state }) => ({ schema, state })),
      leftOut: [...this.leftOut],
    };
  }

  /** Divides the row-normalised features of every row by their Euclidean length, where that is not 0. */
  private normaliseRows(matrix: Float32Array, width: number): void {
    for (let base = 0; base < matrix.length; base += width) {
      let squares = 0;
      for (const at of this.rowNormalised) squares += (matrix[base + at] as number) ** 2;
      if (squares === 0) continue;
      const length = Math.sqrt(squares);
      for (const at of this.rowNormalised) matrix[base + at] = (matrix[base + at] as number) / length;
    }
  }
}

function missingColumn(name: string, table: Table): AimaasError {
  return new AimaasError(
    'COLUMN_NOT_FOUND',
    `The model needs column "${name}", which is not in the data. ${didYouMean(name, table.columns.keys())}`,
    { details: { column: name, found: [...table.columns.keys()] } },
  );
}

/** Two columns can give the same feature name ("a=b" and level c, "a" and level "b=c"): later ones get a number. */
function withUniqueNames(features: readonly FeatureColumn[]): FeatureColumn[] {
  const taken = new Set<string>();
  return features.map((feature) => {
    let name = feature.name;
    for (let i = 2; taken.has(name); i++) name = `${feature.name} (${i})`;
    taken.add(name);
    return name === feature.name ? feature : { ...feature, name };
  });
}

function isColumnSchema(value: Json | undefined): value is ColumnSchema {
  return (
    isJsonObject(value) &&
    typeof value['name'] === 'string' &&
    (COLUMN_KINDS as readonly Json[]).includes(value['kind'] as ColumnKind)
  );
}

/**
 * Fitted features as `toJSON` wrote them.
 * @throws AimaasError ARTIFACT_CORRUPT for anything else, ARTIFACT_INCOMPATIBLE for another version's.
 */
export function loadFeatures(json: JsonObject): FittedFeatures {
  if (json['format'] !== FORMAT) throw incompatible(`format ${JSON.stringify(json['format'])}`);
  if (!Array.isArray(json['columns'])) throw corrupt();
  const columns = (json['columns'] as readonly Json[]).map((entry): FittedColumn => {
    if (!isJsonObject(entry) || !isColumnSchema(entry['schema']) || !isJsonObject(entry['state']))
      throw corrupt();
    const { schema, state } = entry as { schema: ColumnSchema; state: JsonObject };
    if (state['version'] !== featureKind(schema.kind).version) {
      throw incompatible(`${schema.kind} version ${JSON.stringify(state['version'])}`);
    }
    return { schema, state: state as KindState };
  });
  return new FittedFeatures(columns, (json['leftOut'] ?? []) as readonly LeftOut[]);
}

function corrupt(): AimaasError {
  return new AimaasError(
    'ARTIFACT_CORRUPT',
    'The fitted features are not in the form they were written in.',
    {
      hint: 'aimaas preprocess --force',
    },
  );
}

function incompatible(what: string): AimaasError {
  return new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `The fitted features have ${what}, which aimaas ${VERSION} does not read.`,
    { hint: 'Use the version of aimaas that made them, or make them again: aimaas preprocess --force' },
  );
}
