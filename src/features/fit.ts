import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { Column, DataSchema, Table } from '../core/table.js';
import { choicesOf, type FeatureChoices } from './choices.js';
import { FittedFeatures } from './fitted.js';
import type { Accumulator, KindState } from './kind.js';
import { featureKind } from './kinds/index.js';

/** Learns the features of every column but the target from rows given chunk by chunk. */
export class FeatureFitter {
  private readonly schema: DataSchema;
  private readonly accumulators: Map<string, Accumulator<KindState, Column>>;
  private rows = 0;

  constructor(schema: DataSchema, choices: FeatureChoices = {}) {
    const columns = schema.columns.filter(({ name }) => name !== schema.target);
    this.schema = { columns, target: null };
    this.accumulators = new Map(
      columns.map((column) => [
        column.name,
        featureKind(column.kind).start(column, choicesOf(choices, column.name)),
      ]),
    );
  }

  /** @throws AimaasError COLUMN_NOT_FOUND for a column of the schema that is not in the table. */
  add(table: Table): void {
    this.rows += table.rows;
    for (const [name, accumulator] of this.accumulators) {
      const column = table.columns.get(name);
      if (column === undefined) {
        throw new AimaasError(
          'COLUMN_NOT_FOUND',
          `Column "${name}" is not in the data. ${didYouMean(name, table.columns.keys())}`,
          { details: { column: name } },
        );
      }
      accumulator.add(column);
    }
  }

  /** @throws AimaasError TOO_FEW_ROWS without a row, COLUMN_NOT_FOUND when no column is left to learn from. */
  finish(): FittedFeatures {
    if (this.rows === 0) throw new AimaasError('TOO_FEW_ROWS', 'There is no row to fit the features on.');
    const fitted = new FittedFeatures(
      this.schema.columns.map((schema) => ({
        schema,
        state: (this.accumulators.get(schema.name) as Accumulator<KindState, Column>).finish(),
      })),
      [],
    );
    if (fitted.layout.length > 0) return fitted;
    const why = fitted.leftOut.map(({ column, reason }) => `${column}: ${reason}`).join('; ');
    throw new AimaasError(
      'COLUMN_NOT_FOUND',
      `No column is left to learn from${why === '' ? '' : ` (${why})`}.`,
      { hint: `Collect data with more columns, or change what a column is: ${this.otherType()}` },
    );
  }

  /** The command that makes an identifier, if there is one, a column to learn from. */
  private otherType(): string {
    const id = this.schema.columns.find(({ kind }) => kind === 'id');
    const isNumber = id?.dataType === 'integer' || id?.dataType === 'float';
    return `aimaas collect FILE --type "${id?.name ?? 'COLUMN'}=${isNumber ? 'number' : 'category'}"`;
  }
}

/**
 * Features fitted on the rows of `chunks`, which should be training rows only.
 * @throws AimaasError as FeatureFitter does.
 */
export async function fitFeatures(
  schema: DataSchema,
  chunks: AsyncIterable<Table> | Iterable<Table>,
  choices: FeatureChoices = {},
): Promise<FittedFeatures> {
  const fitter = new FeatureFitter(schema, choices);
  for await (const table of chunks) fitter.add(table);
  return fitter.finish();
}
