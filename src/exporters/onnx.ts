import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { JsonObject } from '../core/json.js';
import { storageOf } from '../core/table.js';
import { VERSION } from '../core/version.js';
import { openOnnx } from '../engines/onnx-file.js';
import { OPSETS, toOnnx } from '../graph/onnx/index.js';
import { BATCH_DIMENSION } from '../graph/onnx/writer.js';
import { classesOf, outputsOf } from '../tasks/index.js';
import type { Exporter, ExportModel } from './exporter.js';
import { columnFeeds, matrixFeed } from './feeds.js';
import { writeWhole } from './files.js';
import { type WholeGraph, wholeGraph } from './whole-graph.js';

const FILE = 'model.onnx';

function describe(model: ExportModel, whole: WholeGraph): JsonObject {
  const { features, target } = model;
  const outputs = outputsOf(target);
  const inputs =
    whole.takes === 'features'
      ? [{ name: 'features', type: 'float', shape: [BATCH_DIMENSION, features.layout.length] }]
      : features.schema.columns.map(({ name, kind }) => ({
          name,
          type: storageOf(kind) === 'number' ? 'double' : 'string',
          shape: [BATCH_DIMENSION, 1],
        }));
  return {
    file: FILE,
    opset: OPSETS[''] ?? null,
    /** Number of rows: the free dimension of every input and output. */
    batch: BATCH_DIMENSION,
    takes: whole.takes,
    reason: whole.reason,
    inputs,
    outputs: [
      ...(whole.outputs.label === null
        ? []
        : [{ name: whole.outputs.label, type: 'string', shape: [BATCH_DIMENSION] }]),
      { name: whole.outputs.scores, type: 'float', shape: [BATCH_DIMENSION, outputs] },
    ],
  };
}

/** ONNX, for onnxruntime in any language: raw columns in, labelled answers out. */
export const onnx: Exporter = {
  format: 'onnx',
  summary: 'ONNX Runtime in Python, JavaScript, C++, C#, Java and others',
  tolerance: 1e-4,
  narrow: false,
  supports: () => true,
  write: async (model, dir) => {
    const whole = wholeGraph(model);
    const details = describe(model, whole);
    const bytes = toOnnx(whole.graph, {
      producer: `aimaas ${VERSION}`,
      name: model.name,
      run: model.run,
      task: model.target.task,
      target: model.target.column,
      classes: JSON.stringify(classesOf(model.target)),
      inputs: JSON.stringify(model.signature.inputs),
      ...(whole.takes === 'features' ? { features: JSON.stringify(model.features.layout) } : {}),
    });
    await writeWhole(join(dir, FILE), bytes);
    return details;
  },
  load: async (model, dir) => {
    const session = await openOnnx(await readFile(join(dir, FILE)), { threads: 1, name: join(dir, FILE) });
    const { takes, outputs } = wholeGraph(model);
    return {
      runtime: `onnxruntime-node ${runtimeVersion()}`,
      answer: async (table) => {
        const feeds =
          takes === 'columns' ? columnFeeds(model.features, table) : matrixFeed(model.features, table);
        const answers = await session.run(feeds);
        const labels = outputs.label === null ? null : (answers[outputs.label]?.data as readonly string[]);
        return { scores: answers[outputs.scores]?.data as Float32Array, labels };
      },
      dispose: () => session.dispose(),
    };
  },
};

function runtimeVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('onnxruntime-node/package.json') as { version: string }).version;
}
