import { join } from 'node:path';
import type { PredictorFile, TargetState } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { shortestFloat32 } from '../core/float32.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { Predictor } from '../core/predictor.js';
import type { Table } from '../core/table.js';
import { VERSION } from '../core/version.js';
import { type OnnxExecutable, openOnnx } from '../engines/onnx-file.js';
import { type FittedFeatures, loadFeatures } from '../features/index.js';
import { classesOf, decode, outputsOf } from '../tasks/index.js';
import { type CheckedFiles, openBundleFiles } from '../workspace/bundle-files.js';
import { trustFrom, type TrustOptions } from './model-trust.js';

export interface PredictorOptions {
  /** Threads inside an operation of the network. Default 1, the fastest for small networks and small batches. */
  readonly threads?: number | undefined;
  /** Who must have signed the model, and what opens it if it is encrypted. */
  readonly trust?: TrustOptions | undefined;
}

/** A predictor with the transforms it applies, which say what its columns may hold. */
export interface OpenedPredictor extends Predictor {
  readonly features: FittedFeatures;
  readonly target: TargetState;
  /** Like `scores`, for rows that have been transformed already: row-major `[rows, features.layout.length]`. */
  scoresOfFeatures(matrix: Float32Array): Promise<Float32Array>;
}

const PREDICTOR_FILE = 'predictor.json';
const NETWORK_FILE = 'network.onnx';
const REMEDY = 'Make it again: aimaas train --force for a run, aimaas export --force for a model.';

/**
 * A run or bundle as something that answers for raw rows.
 * @param folder holds predictor.json and network.onnx (see PredictorFile).
 * @throws AimaasError ARTIFACT_NOT_FOUND when a file is missing, ARTIFACT_CORRUPT when one is damaged or the two do not
 * belong together, ARTIFACT_INCOMPATIBLE when a newer aimaas wrote them; of an exported model also what
 * `openBundleFiles` throws.
 */
export async function openPredictor(
  folder: string,
  options: PredictorOptions = {},
): Promise<OpenedPredictor> {
  const files = await openBundleFiles(folder, await trustFrom(options.trust));
  const file = await readPredictorFile(folder, files);
  const bytes = await readPart(folder, NETWORK_FILE, files);
  const path = join(folder, NETWORK_FILE);
  const network = await openOnnx(bytes, { threads: options.threads ?? 1, name: path });
  try {
    const features = loadFeatures(file.features);
    checkFits(path, network, features.layout.length, outputsOf(file.target));
    return predictorOf(file, features, network);
  } catch (error) {
    await network.dispose();
    throw error;
  }
}

/** predictor.json of a run or bundle. */
async function readPredictorFile(folder: string, files: CheckedFiles): Promise<PredictorFile> {
  const path = join(folder, PREDICTOR_FILE);
  const bytes = await readPart(folder, PREDICTOR_FILE, files);
  let json: Json;
  try {
    json = JSON.parse(bytes.toString('utf8')) as Json;
  } catch (error) {
    throw corrupt(`${path} is not valid JSON.`, error);
  }
  if (!isJsonObject(json)) throw corrupt(`${path} is not what aimaas writes.`);
  if (json.schemaVersion !== 1) {
    throw new AimaasError(
      'ARTIFACT_INCOMPATIBLE',
      `${path} has format version ${JSON.stringify(json.schemaVersion)}; this aimaas ${VERSION} reads version 1.`,
      { hint: 'Use a newer aimaas, or make the model again with this one.' },
    );
  }
  const { task, schema, target, features } = json;
  if (
    typeof task !== 'string' ||
    !isJsonObject(target) ||
    target.task !== task ||
    !isJsonObject(schema) ||
    !isJsonObject(features)
  ) {
    throw corrupt(`${path} is not what aimaas writes: it lacks the task, schema, target or features.`);
  }
  return json as unknown as PredictorFile;
}

async function readPart(folder: string, name: string, files: CheckedFiles): Promise<Buffer> {
  try {
    return await files.read(name);
  } catch (error) {
    if (error instanceof AimaasError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new AimaasError('ARTIFACT_NOT_FOUND', `There is no ${name} in ${folder}.`, {
        hint: 'Name a run or an exported model: aimaas models list',
        cause: error,
      });
    }
    throw new AimaasError('STORAGE', `Cannot read ${join(folder, name)}: ${(error as Error).message}`, {
      hint: 'Fix the permissions of the file.',
      cause: error,
    });
  }
}

function corrupt(message: string, cause?: unknown): AimaasError {
  return new AimaasError('ARTIFACT_CORRUPT', message, { hint: REMEDY, cause });
}

/** A network that was made for other features would give wrong answers without any error. */
function checkFits(path: string, network: OnnxExecutable, features: number, outputs: number): void {
  const width = network.inputs.get('features')?.[1];
  const scores = network.outputs.get('scores')?.[1];
  if (width === features && scores === outputs) return;
  throw corrupt(
    `${path} takes ${String(width)} features and gives ${String(scores)} scores; ${PREDICTOR_FILE} beside it has ${features} and ${outputs}.`,
  );
}

function predictorOf(
  file: PredictorFile,
  features: FittedFeatures,
  network: OnnxExecutable,
): OpenedPredictor {
  const outputs = outputsOf(file.target);

  async function scoresOfFeatures(data: Float32Array): Promise<Float32Array> {
    const width = features.layout.length;
    const rows = data.length / width;
    if (rows === 0) return new Float32Array(0);
    const result = await network.run({ features: { dtype: 'float32', shape: [rows, width], data } });
    const values = result.scores?.data;
    if (!(values instanceof Float32Array) || values.length !== rows * outputs) {
      throw new Error(`network.onnx gave ${String(values?.length)} scores for ${rows} rows.`);
    }
    return values;
  }

  const scores = async (table: Table): Promise<Float32Array> =>
    table.rows === 0 ? new Float32Array(0) : scoresOfFeatures(features.transform(table));

  return {
    task: file.task,
    schema: features.schema,
    features,
    target: file.target,
    classes: classesOf(file.target),
    scores,
    scoresOfFeatures,
    predict: async (table) => decode(file.target, Float64Array.from(await scores(table), shortestFloat32)),
    dispose: () => network.dispose(),
  };
}
