import { copyFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type DataContent,
  type FeaturesContent,
  PREDICTOR_FILES,
  type RunContent,
} from '../../core/artifacts.js';
import type { BundleManifest } from '../../core/bundle.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import type { StepContext } from '../../core/step.js';
import type { Table } from '../../core/table.js';
import { VERSION } from '../../core/version.js';
import { bundleReadme, type Exporter, FEATURES_FILE, probeRows } from '../../exporters/index.js';
import { classesOf } from '../../tasks/index.js';
import { storageError, temporaryName, writeFileAtomic, writeJsonAtomic } from '../../workspace/atomic.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { ModelRegistry } from '../../workspace/registry.js';
import { describeFiles, type Workspace } from '../../workspace/workspace.js';
import { buildReference, REFERENCE_FILE } from '../drift-reference.js';
import { testMetrics } from '../evaluate/output.js';
import { type Probes, supported, writeFormats } from './formats.js';
import { exportModelOf } from './model.js';
import { realRows } from './rows.js';
import { type Seal, seal, signBundle } from './seal.js';
import { exampleRecord, featureMatrix } from '../model-inputs.js';
import { openPredictor } from '../predictor.js';

/** A version to be made of a run. */
export interface PublishJob {
  readonly context: StepContext;
  readonly workspace: Workspace;
  readonly registry: ModelRegistry;
  readonly run: Manifest<RunContent>;
  readonly name: string;
  readonly key: string;
  readonly formats: readonly Exporter[] | undefined;
  readonly reuse: (manifest: BundleManifest) => boolean;
  readonly seal: Seal;
  /** Make a new version even if `reuse` finds one that is as good. */
  readonly force: boolean;
}

/**
 * Writes the bundle of a run beside the registry, checks it, and publishes it as the next version of its name.
 * @throws AimaasError EXPORT_MISMATCH or UNSUPPORTED (nothing is published then), STORAGE.
 */
export async function publish(job: PublishJob): Promise<BundleManifest> {
  const { context, workspace, registry, run, name } = job;
  const source = workspace.folder('run', run.id);
  const model = await exportModelOf(source, run, name);
  const { exporters, skipped } = supported(model, job.formats);
  for (const [format, reason] of Object.entries(skipped)) {
    context.reporter.warn(`There will be no ${format} export: ${reason}`);
  }
  const features = await workspace.read<FeaturesContent>('features', run.content.features);
  const data = await dataOf(workspace, run);
  const { schema } = model.features;
  const rows = probeRows(schema, await realRows(workspace, features, data, schema));
  const probes: Probes = { rows, expected: await ownScores(source, rows) };

  const temporary = temporaryName(registry.folder(name, 1));
  try {
    await makeFolder(temporary);
    for (const file of PREDICTOR_FILES) await copyFile(join(source, file), join(temporary, file));
    const formats = await writeFormats(exporters, model, temporary, probes, context);
    await writeReference(job, features, data, temporary);
    const { target, signature } = model;
    const about = {
      name,
      task: target.task,
      classes: classesOf(target),
      target: target.column,
      signature,
      formats,
    };
    const example = exampleRecord(model.features);
    const takesFeatures = Object.values(formats).some(({ details }) => details.takes === 'features');
    const matrix = takesFeatures ? featureMatrix(model.features, example) : undefined;
    if (matrix !== undefined) await writeJsonAtomic(join(temporary, FEATURES_FILE), [...matrix.layout]);
    await writeFileAtomic(join(temporary, 'README.md'), bundleReadme({ ...about, example, matrix }));
    const manifest: Omit<BundleManifest, 'version' | 'createdAt'> = {
      schemaVersion: 1,
      kind: 'model',
      name,
      aimaas: VERSION,
      key: job.key,
      task: run.content.task,
      model: run.content.model,
      classes: about.classes,
      signature,
      schema: model.features.schema,
      lineage: {
        run: run.id,
        features: run.content.features,
        data: run.content.data,
        dataName: run.content.dataName,
        sources: data.content.sources,
      },
      metrics: {
        validation: run.content.validation,
        baseline: run.content.baseline,
        test: await testMetrics(source),
      },
      formats,
      skippedFormats: skipped,
      files: await describeFiles(temporary),
    };
    const { reporter, signal } = context;
    const reuse = job.force ? undefined : job.reuse;
    throwIfAborted(signal);
    const sealed = await seal(temporary, manifest, job.seal);
    const finish = (folder: string): Promise<void> => signBundle(folder, job.seal);
    return await registry.publish(temporary, sealed, { reporter, signal, reuse, finish });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    // The folder of a name that got no version; not empty means that it has one.
    await rmdir(dirname(temporary)).catch(() => undefined);
    throw storageError(error, registry.folder(name, 1));
  }
}
/** What later rows are compared with; left out where the training rows are gone. */
async function writeReference(
  { context, workspace, run }: PublishJob,
  features: Manifest<FeaturesContent> | undefined,
  data: Manifest<DataContent>,
  folder: string,
): Promise<void> {
  if (features === undefined) {
    context.reporter.warn(
      `Feature set ${run.content.features} is gone, so the bundle does not say what its training rows looked like.`,
      'For aimaas monitor, make it again before exporting: aimaas preprocess',
    );
    return;
  }
  const predictor = await openPredictor(folder);
  try {
    const reference = await buildReference({ workspace, features, data, predictor });
    await writeFileAtomic(join(folder, REFERENCE_FILE), `${JSON.stringify(reference)}\n`);
  } finally {
    await predictor.dispose();
  }
}

async function ownScores(folder: string, rows: Table): Promise<Float32Array> {
  const predictor = await openPredictor(folder);
  try {
    return await predictor.scores(rows);
  } finally {
    await predictor.dispose();
  }
}

/** @throws AimaasError ARTIFACT_NOT_FOUND saying what for, and how to have it again: the same files give the same id. */
async function dataOf(workspace: Workspace, run: Manifest<RunContent>): Promise<Manifest<DataContent>> {
  const { data, dataName, target } = run.content;
  const found = await workspace.read<DataContent>('data', data);
  if (found !== undefined) return found;
  throw new AimaasError(
    'ARTIFACT_NOT_FOUND',
    `Data set ${data} (${dataName}), which run ${run.id} was made of, is gone: every export is checked on rows of it.`,
    { hint: `Collect the same files in the same way: aimaas collect FILE --target ${target.column}` },
  );
}
