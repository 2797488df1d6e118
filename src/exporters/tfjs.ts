import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { storageOf, type Table } from '../core/table.js';
import { VERSION } from '../core/version.js';
import { optimize } from '../graph/passes/index.js';
import { classesOf, outputsOf } from '../tasks/index.js';
import type { Exporter, ExportModel } from './exporter.js';
import { columnFeeds, matrixFeed } from './feeds.js';
import { writeWhole } from './files.js';
import { type GraphModel, graphModel, WEIGHTS_FILE } from './graph-model.js';
import { loadGraphModel } from './tfjs-runtime.js';
import { type WholeGraph, wholeGraph } from './whole-graph.js';

const FILE = 'model.json';

function describe(model: ExportModel, whole: WholeGraph): JsonObject {
  const { features, target } = model;
  const inputs =
    whole.takes === 'features'
      ? [{ name: 'features', dtype: 'float32', shape: [null, features.layout.length] }]
      : features.schema.columns.map(({ name, kind }) => ({
          name,
          dtype: storageOf(kind) === 'number' ? 'float32' : 'string',
          shape: [null, kind === 'date' ? 2 : 1],
        }));
  const { label, scores } = whole.outputs;
  return {
    files: [FILE, WEIGHTS_FILE],
    takes: whole.takes,
    reason: whole.reason,
    inputs,
    outputs: [
      ...(label === null ? [] : [{ name: label, dtype: 'string', shape: [null] }]),
      { name: scores, dtype: 'float32', shape: [null, outputsOf(target)] },
    ],
    /** A node that can be fed instead of the columns, for whoever prepares the features himself. */
    features: { name: 'features', shape: [null, features.layout.length] },
  };
}

/** A tfjs graph model: loads in plain tfjs, in browsers and in Node, raw columns in, labelled answers out. */
export const tfjs: Exporter = {
  format: 'tfjs',
  summary: 'TensorFlow.js in browsers and Node',
  // tfjs computes in 32 bits throughout, the raw columns included.
  tolerance: 1e-3,
  narrow: true,
  supports: (model) => {
    try {
      converted(model, wholeGraph(model, { dates: 'days' }));
      return true;
    } catch (error) {
      if (error instanceof AimaasError && error.code === 'UNSUPPORTED') return error.message;
      throw error;
    }
  },
  write: async (model, dir) => {
    const whole = wholeGraph(model, { dates: 'days' });
    const details = describe(model, whole);
    const { json, weights } = converted(model, whole);
    await writeWhole(join(dir, FILE), `${JSON.stringify(json)}\n`);
    await writeWhole(join(dir, WEIGHTS_FILE), weights);
    return details;
  },
  load: async (model, dir) => {
    const json = JSON.parse(await readFile(join(dir, FILE), 'utf8')) as JsonObject;
    const graphModel = await loadGraphModel(json, await readFile(join(dir, WEIGHTS_FILE)));
    const { takes, outputs } = wholeGraph(model, { dates: 'days' });
    const wanted = outputs.label === null ? [outputs.scores] : [outputs.scores, outputs.label];
    return {
      runtime: graphModel.runtime,
      answer: async (table: Table) => {
        const feeds =
          takes === 'columns'
            ? columnFeeds(model.features, table, { dates: 'days' })
            : matrixFeed(model.features, table);
        const [scores, labels] = await graphModel.execute(feeds, wanted);
        return {
          scores: scores as Float32Array,
          labels: outputs.label === null ? null : (labels as readonly string[]),
        };
      },
      dispose: () => Promise.resolve(graphModel.dispose()),
    };
  },
};

function converted(model: ExportModel, { graph, matrix, takes }: WholeGraph): GraphModel {
  // The matrix is an output for the passes, so that it stays one value under its own name.
  const kept = { ...graph, outputs: [...graph.outputs, { name: 'features', value: matrix }] };
  // A GraphDef without functions has no loops.
  const simple = optimize(kept, { loops: 'expand' });
  const features = simple.outputs.at(-1)?.value;
  const named = new Map(features === undefined ? [] : [[features, 'features']]);
  const metadata = {
    name: model.name,
    run: model.run,
    task: model.target.task,
    target: model.target.column,
    classes: classesOf(model.target),
    inputs: model.signature.inputs,
    ...(takes === 'features' ? { features: model.features.layout } : {}),
  };
  const about = { generatedBy: `aimaas ${VERSION}`, metadata };
  return graphModel({ ...simple, outputs: simple.outputs.slice(0, -1) }, about, named);
}
