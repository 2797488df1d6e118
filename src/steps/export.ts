import { copyFile, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataContent, FeaturesContent, Metrics, RunContent } from '../core/artifacts.js';
import type { BundleFormat, BundleManifest, ParityResult } from '../core/bundle.js';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { Table } from '../core/table.js';
import { VERSION } from '../core/version.js';
import {
  bundleReadme,
  checkParity,
  type Exporter,
  EXPORTERS,
  exporterFor,
  type ExportModel,
  probeRows,
} from '../exporters/index.js';
import { classesOf } from '../tasks/index.js';
import { storageError, temporaryName, writeFileAtomic } from '../workspace/atomic.js';
import { idOf, sha256OfFile } from '../workspace/hash.js';
import type { Manifest } from '../workspace/manifest.js';
import { checkAlias, checkModelName, modelNameFrom } from '../workspace/model-name.js';
import { ModelRegistry } from '../workspace/registry.js';
import { describeFiles, Workspace } from '../workspace/workspace.js';
import { readEvaluation } from './evaluation-output.js';
import { exportModelOf } from './export-model.js';
import { copyBundle, requireReplaceable } from './export-output.js';
import { realRows } from './export-rows.js';
import { exampleRecord } from './model-inputs.js';
import { openPredictor } from './predictor.js';

/** Raised whenever the same run would give other files. */
const STEP_VERSION = 1;

/** What predict and serve need; copied from the run as it is. */
const OWN_FILES = ['predictor.json', 'network.onnx'] as const;

export interface ExportOptions {
  /** Id of the run, or its beginning. Default: the current run. */
  readonly run?: string | undefined;
  /** Default: every format that can hold the model. */
  readonly format?: readonly string[] | undefined;
  /** Default: the name of the data. */
  readonly name?: string | undefined;
  /** A folder to copy the bundle to. */
  readonly output?: string | undefined;
  /** An alias to point at the version. */
  readonly alias?: string | undefined;
  /** Make a new version even if there is one of the same run and formats. */
  readonly force?: boolean | undefined;
}

export type ExportResult = {
  readonly schemaVersion: 1;
  readonly upToDate: boolean;
  readonly name: string;
  readonly version: number;
  readonly run: string;
  readonly folder: string;
  readonly formats: { readonly [format: string]: { readonly bytes: number; readonly parity: ParityResult } };
  readonly aliases: readonly string[];
  /** Where the bundle was copied to. */
  readonly output: string | null;
  readonly metrics: BundleManifest['metrics'];
};

/**
 * Makes a run into a model version: `models/<name>/<version>/` with a folder for each format, each of which was loaded
 * again and gave the run's own predictions.
 * @throws AimaasError EXPORT_MISMATCH when one did not (nothing is published), UNSUPPORTED when a format that was asked
 * for cannot hold the model.
 */
export async function exportModel(options: ExportOptions, context: StepContext): Promise<ExportResult> {
  const workspace = new Workspace(context.workspace);
  const registry = new ModelRegistry(workspace);
  const formats = formatsOf(options.format);
  const alias = options.alias === undefined ? undefined : checkAlias(options.alias);
  if (options.output !== undefined && options.force !== true) await requireReplaceable(options.output);
  const run = await completeRun(workspace, options.run);
  const name =
    options.name === undefined ? modelNameFrom(run.content.dataName) : checkModelName(options.name);
  const key = await keyOf(workspace.folder('run', run.id), run.id);
  const wanted = formats?.map(({ format }) => format);
  const reuse = (manifest: BundleManifest): boolean =>
    manifest.key === key && (wanted ?? usualFormats(manifest)).every((format) => format in manifest.formats);
  const found = options.force === true ? undefined : await registry.find(name, reuse);
  const bundle =
    found ?? (await publish({ context, workspace, registry, run, name, key, formats, reuse, options }));
  const access = { reporter: context.reporter, signal: context.signal };
  if (alias !== undefined) await registry.setAlias(name, alias, bundle.version, access);
  const folder = registry.folder(name, bundle.version);
  const output = options.output === undefined ? null : await copyBundle(folder, options.output);
  return {
    schemaVersion: 1,
    upToDate: found !== undefined,
    name,
    version: bundle.version,
    run: run.id,
    folder,
    formats: Object.fromEntries(
      Object.entries(bundle.formats).map(([format, { files, parity }]) => [
        format,
        { bytes: files.reduce((sum, file) => sum + (bundle.files[file]?.bytes ?? 0), 0), parity },
      ]),
    ),
    aliases: Object.entries(await registry.aliases(name)).flatMap(([alias_, version]) =>
      version === bundle.version ? [alias_] : [],
    ),
    output,
    metrics: bundle.metrics,
  };
}

/** The exporters that were asked for, in their own order; undefined for "whatever can hold the model". */
function formatsOf(asked: readonly string[] | undefined): readonly Exporter[] | undefined {
  const names = (asked ?? []).flatMap((text) => text.split(',')).map((text) => text.trim());
  if (names.length === 0) return undefined;
  const chosen = new Set(names.map(exporterFor));
  return EXPORTERS.filter((exporter) => chosen.has(exporter));
}

/** The formats that an export without --format made; those it skipped are named in the manifest. */
function usualFormats(manifest: BundleManifest): readonly string[] {
  return EXPORTERS.map(({ format }) => format).filter((format) => !(format in manifest.skippedFormats));
}

async function completeRun(workspace: Workspace, wanted: string | undefined): Promise<Manifest<RunContent>> {
  const run = await workspace.find<RunContent>('run', wanted);
  if (run.content.state === 'complete') return run;
  throw new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `Run ${run.id} is ${run.content.state}, so there is nothing to export yet.`,
    { hint: `aimaas train --resume ${run.id}` },
  );
}

/** The same weights and transforms give the same key, whatever the formats. */
async function keyOf(folder: string, run: string): Promise<string> {
  const hashes: Record<string, string> = {};
  for (const file of OWN_FILES) {
    hashes[file] = await sha256OfFile(join(folder, file)).catch((error: unknown) => {
      throw new AimaasError('ARTIFACT_CORRUPT', `Run ${run} has no readable ${file}.`, {
        hint: `aimaas train --force`,
        cause: error,
      });
    });
  }
  return idOf({ step: 'export', version: STEP_VERSION, run, ...hashes });
}

interface Job {
  readonly context: StepContext;
  readonly workspace: Workspace;
  readonly registry: ModelRegistry;
  readonly run: Manifest<RunContent>;
  readonly name: string;
  readonly key: string;
  readonly formats: readonly Exporter[] | undefined;
  readonly reuse: (manifest: BundleManifest) => boolean;
  readonly options: ExportOptions;
}

/** Rows that exports are checked on, and what the run itself answers for them. */
interface Probes {
  readonly rows: Table;
  readonly expected: Float32Array;
}

async function publish(job: Job): Promise<BundleManifest> {
  const { context, workspace, registry, run, name } = job;
  const source = workspace.folder('run', run.id);
  const model = await exportModelOf(source, run, name);
  const { exporters, skipped } = supported(model, job.formats);
  for (const [format, reason] of Object.entries(skipped)) {
    context.reporter.warn(`There will be no ${format} export: ${reason}`);
  }
  const features = await workspace.read<FeaturesContent>('features', run.content.features);
  const data = await workspace.find<DataContent>('data', run.content.data);
  const { schema } = model.features;
  const rows = probeRows(schema, await realRows(workspace, features, data, schema));
  const probes: Probes = { rows, expected: await ownScores(source, rows) };

  const temporary = temporaryName(registry.folder(name, 1));
  try {
    await mkdir(temporary, { recursive: true });
    for (const file of OWN_FILES) await copyFile(join(source, file), join(temporary, file));
    const formats = await writeFormats(exporters, model, temporary, probes, context);
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
    await writeFileAtomic(join(temporary, 'README.md'), bundleReadme({ ...about, example }));
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
    const reuse = job.options.force === true ? undefined : job.reuse;
    throwIfAborted(signal);
    return await registry.publish(temporary, manifest, { reporter, signal, reuse });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    // The folder of a name that got no version; not empty means that it has one.
    await rmdir(dirname(temporary)).catch(() => undefined);
    throw storageError(error, registry.folder(name, 1));
  }
}

/** @throws AimaasError UNSUPPORTED for a format that was named and cannot hold the model, or when none can. */
function supported(
  model: ExportModel,
  asked: readonly Exporter[] | undefined,
): { readonly exporters: readonly Exporter[]; readonly skipped: Record<string, string> } {
  const skipped: Record<string, string> = {};
  const exporters = (asked ?? EXPORTERS).filter((exporter) => {
    const answer = exporter.supports(model);
    if (answer !== true) skipped[exporter.format] = answer;
    return answer === true;
  });
  const [first] = Object.entries(skipped);
  if (first !== undefined && (asked !== undefined || exporters.length === 0)) {
    throw new AimaasError('UNSUPPORTED', `This model cannot be exported as ${first[0]}: ${first[1]}`, {
      hint: 'Leave out the format: aimaas export exports what can be.',
      details: skipped,
    });
  }
  return { exporters, skipped };
}

async function ownScores(folder: string, rows: Table): Promise<Float32Array> {
  const predictor = await openPredictor(folder);
  try {
    return await predictor.scores(rows);
  } finally {
    await predictor.dispose();
  }
}

async function writeFormats(
  exporters: readonly Exporter[],
  model: ExportModel,
  bundle: string,
  probes: Probes,
  context: StepContext,
): Promise<Record<string, BundleFormat>> {
  const formats: Record<string, BundleFormat> = {};
  const bar = context.reporter.progress({ title: 'Exporting', total: exporters.length, unit: 'formats' });
  try {
    for (const [i, exporter] of exporters.entries()) {
      throwIfAborted(context.signal);
      bar.update(i, { format: exporter.format });
      formats[exporter.format] = await writeFormat(exporter, model, bundle, probes, context);
    }
  } catch (error) {
    bar.fail();
    throw error;
  }
  bar.done();
  return formats;
}

/** Writes one format into the bundle, opens it again and compares. */
async function writeFormat(
  exporter: Exporter,
  model: ExportModel,
  bundle: string,
  probes: Probes,
  context: StepContext,
): Promise<BundleFormat> {
  const { format, tolerance } = exporter;
  const folder = join(bundle, format);
  await mkdir(folder);
  const details = await exporter.write(model, folder);
  const loaded = await exporter.load(model, folder);
  let parity: ParityResult;
  try {
    parity = await checkParity(format, loaded, model.target, probes.rows, probes.expected, tolerance);
  } catch (error) {
    const isNarrow = exporter.narrow && details.takes === 'columns';
    if (!isNarrow || !(error instanceof AimaasError) || error.code !== 'EXPORT_MISMATCH') throw error;
    await rm(folder, { recursive: true });
    const matrixBecause = 'The columns hold numbers that need more than the 32 bits this format has.';
    return await writeFormat(exporter, { ...model, matrixBecause }, bundle, probes, context);
  } finally {
    await loaded.dispose();
  }
  context.reporter.debug(
    `${format}: ${parity.rows} rows through ${parity.checkedWith} differ by at most ${parity.maximumDifference}.`,
  );
  if (typeof details.reason === 'string') {
    context.reporter.warn(
      `The ${format} export takes the prepared features instead of the raw columns. ${details.reason}`,
    );
  }
  const files = Object.keys(await describeFiles(folder)).map((file) => `${format}/${file}`);
  return { files, details, parity };
}

/** What `evaluate` found on the test split; null before it was run. */
async function testMetrics(run: string): Promise<Metrics | null> {
  const evaluation = await readEvaluation(join(run, 'evaluation', 'test'));
  const metrics: Json | undefined = evaluation?.metrics;
  if (!isJsonObject(metrics)) return null;
  const numbers = Object.entries(metrics).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(numbers) as Metrics;
}
