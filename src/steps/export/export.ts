import { join } from 'node:path';
import { PREDICTOR_FILES, type RunContent } from '../../core/artifacts.js';
import type { BundleManifest, ParityResult } from '../../core/bundle.js';
import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { EXPORT_FORMATS } from '../../core/export-names.js';
import type { Deployer, Exporter } from '../../exporters/index.js';
import { idOf, sha256OfFile } from '../../workspace/hash.js';
import type { Manifest } from '../../workspace/manifest.js';
import { checkAlias, checkModelName, modelNameFrom } from '../../workspace/model-name.js';
import { ModelRegistry } from '../../workspace/registry.js';
import { Workspace } from '../../workspace/workspace.js';
import { remember } from '../audit.js';
import {
  type Deployment,
  openDeployments,
  ownDeployments,
  requireOpenable,
  writeDeployments,
} from './deployments.js';
import { bundleFiles, copyBundle, openOutput } from './output.js';
import { isSealedBy, sealFrom, type SealOptions } from './seal.js';
import { asItStands, wayOn } from '../run-state.js';

/** Raised whenever the same run would give other files. */
const STEP_VERSION = 3;

export interface ExportOptions extends SealOptions {
  /** Id of the run, or its beginning. Default: the current run. */
  readonly run?: string | undefined;
  /** Default: every format that can hold the model. */
  readonly format?: readonly string[] | undefined;
  /** Default: the name of the data. */
  readonly name?: string | undefined;
  /** A folder to copy the bundle to, and for deployments. Default: deployments go into the workspace. */
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
  /** What was made to run the model elsewhere, by format. */
  readonly deployments: { readonly [format: string]: Deployment };
  readonly aliases: readonly string[];
  /** Where the bundle was copied to. */
  readonly output: string | null;
  readonly metrics: BundleManifest['metrics'];
  /** Id of the key that signed it. */
  readonly signedBy: string | null;
  readonly encrypted: boolean;
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
  const { exporters: formats, deployers } = await formatsOf(options.format);
  const alias = options.alias === undefined ? undefined : checkAlias(options.alias);
  // Without a format of its own, the bundle is made as always, and it is the deployments that are wanted.
  const copies = options.output !== undefined && (formats !== undefined || deployers.length === 0);
  const force = options.force === true;
  const place = { workspace: context.workspace, force };
  const copy = copies
    ? await openOutput(options.output, { ...place, what: 'exported model' }, bundleFiles)
    : undefined;
  const folders =
    options.output === undefined ? undefined : await openDeployments(deployers, options.output, place);
  const seal = await sealFrom(options);
  requireOpenable(deployers, seal.secret);
  const run = await completeRun(workspace, options.run);
  const name =
    options.name === undefined ? modelNameFrom(run.content.dataName) : checkModelName(options.name);
  const key = await keyOf(workspace.folder('run', run.id), run.id);
  const wanted = formats?.map(({ format }) => format);
  const reuse = (manifest: BundleManifest): boolean =>
    manifest.key === key &&
    (wanted ?? usualFormats(manifest)).every((format) => format in manifest.formats) &&
    isSealedBy(manifest, seal);
  const found = force ? undefined : await registry.find(name, reuse);
  const job = { context, workspace, registry, run, name, key, formats, reuse, seal, force };
  // What writes the files is loaded only when there are some to write: it is most of the time of an export that is not.
  const bundle = found ?? (await (await import('./publish.js')).publish(job));
  const access = { reporter: context.reporter, signal: context.signal };
  const model = `${name}/${bundle.version}`;
  if (found === undefined) {
    const details = {
      run: run.id,
      signedBy: bundle.signedBy ?? null,
      encrypted: bundle.encryption !== undefined,
    };
    await remember(context, { action: 'models.export', target: model, details });
  }
  if (alias !== undefined) {
    const previous = await registry.setAlias(name, alias, bundle.version, access);
    if (previous !== bundle.version) {
      const details = { version: bundle.version, previous };
      await remember(context, { action: 'models.alias', target: `${name}@${alias}`, details });
    }
  }
  const folder = registry.folder(name, bundle.version);
  const output = copy === undefined ? null : await copyBundle(folder, copy, { force });
  const deployments =
    deployers.length === 0
      ? {}
      : await writeDeployments(
          folders ??
            (await ownDeployments(deployers, workspace.path('deployments', name, String(bundle.version)))),
          { folder, manifest: bundle, secret: options },
          force,
          context,
        );
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
    deployments,
    aliases: Object.entries(await registry.aliases(name)).flatMap(([alias_, version]) =>
      version === bundle.version ? [alias_] : [],
    ),
    output,
    metrics: bundle.metrics,
    signedBy: bundle.signedBy ?? null,
    encrypted: bundle.encryption !== undefined,
  };
}

interface Formats {
  /** In their own order; undefined for "whatever can hold the model". */
  readonly exporters: readonly Exporter[] | undefined;
  readonly deployers: readonly Deployer[];
}

/** What was asked for. */
async function formatsOf(asked: readonly string[] = []): Promise<Formats> {
  const names = asked.flatMap((text) => text.split(',')).map((text) => text.trim());
  if (names.length === 0) return { exporters: undefined, deployers: [] };
  const { EXPORTERS, formatFor } = await import('../../exporters/index.js');
  const chosen = [...new Set(names)].map(formatFor);
  const exporters = new Set(chosen.flatMap((one) => ('exporter' in one ? [one.exporter] : [])));
  return {
    exporters: exporters.size === 0 ? undefined : EXPORTERS.filter((exporter) => exporters.has(exporter)),
    deployers: chosen.flatMap((one) => ('deployer' in one ? [one.deployer] : [])),
  };
}

/** The formats that an export without --format made; those it skipped are named in the manifest. */
function usualFormats(manifest: BundleManifest): readonly string[] {
  return EXPORT_FORMATS.filter((format) => !(format in manifest.skippedFormats));
}

async function completeRun(workspace: Workspace, wanted: string | undefined): Promise<Manifest<RunContent>> {
  const run = await asItStands(workspace, await workspace.find<RunContent>('run', wanted));
  if (run.content.state === 'complete') return run;
  throw new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `Run ${run.id} is ${run.content.state}, so there is nothing to export yet.`,
    { hint: wayOn(run) },
  );
}

/** The same weights and transforms give the same key, whatever the formats. */
async function keyOf(folder: string, run: string): Promise<string> {
  const hashes: Record<string, string> = {};
  for (const file of PREDICTOR_FILES) {
    hashes[file] = await sha256OfFile(join(folder, file)).catch((error: unknown) => {
      throw new AimaasError('ARTIFACT_CORRUPT', `Run ${run} has no readable ${file}.`, {
        hint: `aimaas train --force`,
        cause: error,
      });
    });
  }
  return idOf({ step: 'export', version: STEP_VERSION, run, ...hashes });
}
