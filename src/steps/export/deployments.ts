import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BundleManifest } from '../../core/bundle.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { isJsonObject, type Json } from '../../core/json.js';
import type { StepContext } from '../../core/step.js';
import { VERSION } from '../../core/version.js';
import type { Deployer } from '../../exporters/index.js';
import { writeJsonAtomic } from '../../workspace/atomic.js';
import type { BundleSecret } from '../../workspace/encryption.js';
import { filesIn } from '../../workspace/replace-folder.js';
import { openOutput, type OutputFolder, writeOutput } from './output.js';
import { exampleRecord } from '../model-inputs.js';
import type { SecretOptions } from '../model-trust.js';
import { openPredictor } from '../predictor.js';

/** Marks a folder as one that may be replaced, and says what is in it. */
const MARKER = 'deployment.json';

export type Deployment = {
  readonly folder: string;
  readonly bytes: number;
  /** What to run in the folder. */
  readonly next: string;
};

/** The files of an earlier deployment in a folder; undefined if there is none, or one that does not say. */
async function deploymentFiles(folder: string): Promise<readonly string[] | undefined> {
  const marker = await readFile(join(folder, MARKER), 'utf8')
    .then((text) => JSON.parse(text) as Json)
    .catch(() => undefined);
  if (!isJsonObject(marker) || marker['kind'] !== 'deployment' || !Array.isArray(marker['files']))
    return undefined;
  return [MARKER, ...marker['files'].filter((file) => typeof file === 'string')];
}

/**
 * The folders that deployments are written to, below `parent`.
 * @throws AimaasError USAGE when one of them holds something else, see `openOutput`.
 */
export async function openDeployments(
  deployers: readonly Deployer[],
  parent: string,
  options: { readonly workspace: string; readonly force: boolean },
): Promise<ReadonlyMap<Deployer, OutputFolder>> {
  const folders = new Map<Deployer, OutputFolder>();
  for (const deployer of deployers) {
    const name = join(parent, deployer.format);
    const what = 'deployment of aimaas';
    folders.set(deployer, await openOutput(name, { ...options, what }, deploymentFiles));
  }
  return folders;
}

/** The folders of deployments that nobody named a place for: in the workspace. */
export async function ownDeployments(
  deployers: readonly Deployer[],
  parent: string,
): Promise<ReadonlyMap<Deployer, OutputFolder>> {
  const folders = new Map<Deployer, OutputFolder>();
  for (const deployer of deployers) {
    const path = join(parent, deployer.format);
    folders.set(deployer, { name: path, path, ours: await deploymentFiles(path) });
  }
  return folders;
}

/**
 * A deployment opens its model by the passphrase in its environment; a key file would have to lie beside the model.
 * @throws AimaasError UNSUPPORTED when deployments are to be encrypted with a key file.
 */
export function requireOpenable(deployers: readonly Deployer[], secret: BundleSecret | undefined): void {
  const [deployer] = deployers;
  if (deployer === undefined || secret?.kind !== 'key') return;
  throw new AimaasError(
    'UNSUPPORTED',
    `A model that is encrypted with a key file cannot be exported as ${deployer.format}, which takes a passphrase only.`,
    {
      hint: 'AIMAAS_PASSPHRASE=… aimaas export --encrypt --format docker; the same passphrase opens it where it runs.',
    },
  );
}

/** Writes deployments of a bundle to their folders, each whole or not at all. */
export async function writeDeployments(
  folders: ReadonlyMap<Deployer, OutputFolder>,
  bundle: { readonly folder: string; readonly manifest: BundleManifest; readonly secret: SecretOptions },
  force: boolean,
  { reporter, signal }: StepContext,
): Promise<Record<string, Deployment>> {
  const predictor = await openPredictor(bundle.folder, { trust: bundle.secret });
  const example = exampleRecord(predictor.features);
  await predictor.dispose();
  const written: Record<string, Deployment> = {};
  const bar = reporter.progress({ title: 'Packing', total: folders.size, unit: 'deployments' });
  let done = 0;
  for (const [deployer, output] of folders) {
    throwIfAborted(signal);
    bar.update(done++, { format: deployer.format });
    try {
      written[deployer.format] = await writeDeployment(deployer, { ...bundle, example }, output, force);
    } catch (error) {
      bar.fail();
      throw error;
    }
  }
  bar.done();
  return written;
}

async function writeDeployment(
  deployer: Deployer,
  bundle: Parameters<Deployer['write']>[0],
  output: OutputFolder,
  force: boolean,
): Promise<Deployment> {
  let deployment: Deployment | undefined;
  await writeOutput(output, { force, last: MARKER }, async (folder) => {
    const next = await deployer.write(bundle, folder);
    const { name, version } = bundle.manifest;
    const files = await filesIn(folder);
    deployment = { folder: resolve(output.name), bytes: await sizeOf(folder, files), next };
    await writeJsonAtomic(join(folder, MARKER), {
      schemaVersion: 1,
      kind: 'deployment',
      format: deployer.format,
      model: name,
      version,
      aimaas: VERSION,
      next,
      files,
    });
  });
  return deployment as Deployment;
}

async function sizeOf(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
