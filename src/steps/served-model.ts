import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { DataSchema } from '../core/table.js';
import type { InputRecord, ServedModel } from '../server/served-model.js';
import { tableFromRecords } from '../sources/records.js';
import { exampleRecord, modelInputs } from './model-inputs.js';
import { openPredictor, type PredictorOptions } from './predictor.js';

export interface ServedModelSource {
  /** Holds predictor.json and network.onnx. */
  readonly folder: string;
  readonly name: string;
  readonly version: number | null;
  /** Aliases that point at the version. */
  readonly labels: readonly string[];
}

/**
 * Opens a model for the server and lets it answer once, so that the first request finds it warm and a model that
 * cannot answer is found before there are any.
 * @throws AimaasError as openPredictor does.
 */
export async function openServedModel(
  source: ServedModelSource,
  options: PredictorOptions,
): Promise<ServedModel> {
  const predictor = await openPredictor(source.folder, options);
  const { features, schema } = predictor;
  const model: ServedModel = {
    name: source.name,
    version: source.version,
    labels: source.labels,
    predictor,
    inputs: modelInputs(features),
    example: exampleRecord(features),
    toTable(records) {
      requireColumns(schema, records);
      return tableFromRecords(schema, records);
    },
  };
  await predictor.predict(model.toTable([model.example]));
  return model;
}

/**
 * A column left out of a record is most likely misspelt, so it is not taken as missing, as null is. Every record is
 * looked at by itself: what it may lack must not depend on the records it shares a batch with.
 */
function requireColumns({ columns }: DataSchema, records: readonly InputRecord[]): void {
  for (const [row, record] of records.entries()) {
    for (const { name } of columns) {
      if (Object.hasOwn(record, name)) continue;
      throw new AimaasError(
        'COLUMN_NOT_FOUND',
        `Row ${row} has no column "${name}". ${didYouMean(name, Object.keys(record))}`,
        { hint: 'Give null for a value that is not known.', details: { row, column: name } },
      );
    }
  }
}
