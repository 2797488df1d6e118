import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { makeFolder } from '../core/make-folder.js';
import { storageOf } from '../core/table.js';
import { openSavedModel } from '../engines/reference/saved-model.js';
import { SERVE, SERVING_DEFAULT } from '../graph/tensorflow/proto.js';
import { toSavedModel } from '../graph/tensorflow/saved-model.js';
import { outputsOf } from '../tasks/index.js';
import type { Exporter, ExportModel } from './exporter.js';
import { columnFeeds, matrixFeed } from './feeds.js';
import { writeWhole } from './files.js';
import { signatureKeys } from './signature-keys.js';
import { type WholeGraph, wholeGraph } from './whole-graph.js';

const FILE = 'saved_model.pb';

function keysOf({ features }: ExportModel): ReadonlyMap<string, string> {
  return signatureKeys(features.schema.columns.map(({ name }) => name));
}

function describe(model: ExportModel, whole: WholeGraph): JsonObject {
  const { features, target } = model;
  const keys = keysOf(model);
  const inputs =
    whole.takes === 'features'
      ? [{ name: 'features', dtype: 'float', shape: [-1, features.layout.length] }]
      : features.schema.columns.map(({ name, kind }) => ({
          name: keys.get(name) ?? name,
          ...(keys.get(name) === name ? {} : { column: name }),
          dtype: storageOf(kind) === 'number' ? 'double' : 'string',
          shape: [-1, 1],
        }));
  const { label, scores } = whole.outputs;
  return {
    files: [FILE],
    tags: [SERVE],
    signature: SERVING_DEFAULT,
    takes: whole.takes,
    reason: whole.reason,
    inputs,
    outputs: [
      ...(label === null ? [] : [{ name: label, dtype: 'string', shape: [-1] }]),
      { name: scores, dtype: 'float', shape: [-1, outputsOf(target)] },
    ],
  };
}

/** A SavedModel, for TensorFlow in any language and TensorFlow Serving: raw columns in, labelled answers out. */
export const savedModel: Exporter = {
  format: 'saved-model',
  summary: 'TensorFlow in Python, C++, Java and Go, and TensorFlow Serving',
  tolerance: 1e-4,
  narrow: false,
  supports: (model) => {
    try {
      toSavedModel(wholeGraph(model).graph);
      return true;
    } catch (error) {
      if (error instanceof AimaasError && error.code === 'UNSUPPORTED') return error.message;
      throw error;
    }
  },
  write: async (model, dir) => {
    const whole = wholeGraph(model);
    await makeFolder(dir);
    await writeWhole(
      join(dir, FILE),
      toSavedModel(whole.graph, whole.takes === 'columns' ? keysOf(model) : undefined),
    );
    return describe(model, whole);
  },
  load: async (model, dir) => {
    const path = join(dir, FILE);
    const opened = openSavedModel(await readFile(path), path);
    const { takes, outputs } = wholeGraph(model);
    return {
      runtime: 'aimaas reference',
      answer: (table) => {
        const feeds =
          takes === 'columns' ? columnFeeds(model.features, table) : matrixFeed(model.features, table);
        const keys = keysOf(model);
        const answers = opened.run(
          Object.fromEntries(Object.entries(feeds).map(([name, data]) => [keys.get(name) ?? name, data])),
        );
        const labels = outputs.label === null ? null : (answers[outputs.label]?.data as readonly string[]);
        return Promise.resolve({ scores: answers[outputs.scores]?.data as Float32Array, labels });
      },
      dispose: () => Promise.resolve(),
    };
  },
};
