import { AimaasError } from '../../core/errors.js';
import { nearestName } from '../../core/suggest.js';
import type { Column, DataSchema, Table } from '../../core/table.js';
import {
  type ColumnModel,
  FEATURES,
  type InputRecord,
  type InputRows,
  SCORES,
} from '../../server/served-model.js';
import { columnInputTensors, columnOutputTensors } from '../../server/tensors/column-signature.js';
import type { Tensors } from '../../server/tensors/tensor.js';
import { cellReader } from '../../sources/records.js';
import { exampleRecord, modelInputs } from '../model-inputs.js';
import { type OpenedPredictor, openPredictor, type PredictorOptions } from '../predictor.js';

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
): Promise<ColumnModel> {
  const predictor = await openPredictor(source.folder, options);
  const { features, schema, classes } = predictor;
  const inputs = modelInputs(features);
  const readTable = tableReader(schema);
  const example = exampleRecord(features);
  const toTable: ColumnModel['toTable'] = (rows) =>
    readTable('form' in rows ? rows : { form: 'records', records: rows });
  const encode: ColumnModel['encode'] = (table) => ({
    [FEATURES]: {
      datatype: 'FP32',
      shape: [table.rows, features.layout.length],
      values: features.transform(table),
    },
  });
  const model: ColumnModel = {
    kind: 'columns',
    name: source.name,
    version: source.version,
    labels: source.labels,
    predictor,
    inputs,
    example,
    exampleTensors: encode(toTable([example])),
    inputTensors: columnInputTensors(inputs),
    outputTensors: columnOutputTensors(classes),
    batchable: true,
    toTable,
    encode,
    run: (tensors) => runNetwork(predictor, tensors),
    dispose: () => predictor.dispose(),
  };
  await model.run(encode(toTable([example])));
  return model;
}

async function runNetwork(predictor: OpenedPredictor, inputs: Tensors): Promise<Tensors> {
  const features = inputs[FEATURES];
  if (!(features?.values instanceof Float32Array)) throw new Error('The network was given no features.');
  const values = await predictor.scoresOfFeatures(features.values);
  const rows = features.shape[0] as number;
  return { [SCORES]: { datatype: 'FP32', shape: [rows, values.length / rows], values } };
}

/** Reads rows into typed cells. What can be prepared of it is, once for all requests. */
function tableReader({ columns }: DataSchema): (rows: InputRows) => Table {
  const names = columns.map(({ name }) => name);
  const readers = columns.map(cellReader);
  const read = (rows: number, cellsOf: (name: string, index: number) => readonly unknown[]): Table => {
    const read = new Map<string, Column>();
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      read.set(name, (readers[i] as (typeof readers)[number])(cellsOf(name, i)));
    }
    return { rows, columns: read };
  };
  return (rows) => {
    switch (rows.form) {
      case 'records': {
        const { records } = rows;
        requireColumns(names, records);
        return read(records.length, (name) => records.map((record) => record[name]));
      }
      case 'lists': {
        const { lists } = rows;
        return read(lists.length, (_, index) => lists.map((list) => list[index]));
      }
      case 'columns':
        return read(
          rows.rows,
          (name) => rows.columns.get(name) ?? missingColumn(name, names, [...rows.columns.keys()]),
        );
    }
  };
}

/**
 * A column left out of a record is most likely misspelt, so it is not taken as missing, as null is. Every record is
 * looked at by itself: what it may lack must not depend on the records it shares a request with.
 */
function requireColumns(names: readonly string[], records: readonly InputRecord[]): void {
  for (const [row, record] of records.entries()) {
    for (const name of names)
      if (!Object.hasOwn(record, name)) missingColumn(name, names, Object.keys(record), row);
  }
}

function missingColumn(
  name: string,
  names: readonly string[],
  given: readonly string[],
  row?: number,
): never {
  const [who, its] = row === undefined ? ['The request', 'the request'] : [`Row ${row}`, 'the row'];
  const others = given.filter((other) => !names.includes(other));
  const near = nearestName(name, others);
  const known = `The model's columns are ${listed(names)}`;
  const has = given.length === 0 ? `${its} has none` : `${its} has ${listed(given)}`;
  const message =
    near === undefined
      ? `${who} has no column "${name}". ${known}; ${has}.`
      : `${who} has no column "${name}", but "${near}". ${known}.`;
  throw new AimaasError('COLUMN_NOT_FOUND', message, {
    hint: 'Give null for a value that is not known.',
    details: { row: row ?? 0, column: name },
  });
}

/** Some names in a message, which may come from a client and be many and long. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  return `${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}
