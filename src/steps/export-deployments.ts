import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BundleManifest } from '../core/bundle.js';
import { AimaasError, throwIfAborted } from '../core/errors.js';
import { isJsonObject, type Json } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import { VERSION } from '../core/version.js';
import type { Deployer } from '../exporters/index.js';
import { storageError, temporaryName, writeJsonAtomic } from '../workspace/atomic.js';
import type { BundleSecret } from '../workspace/encryption.js';
import { exists } from '../workspace/workspace.js';
import { exampleRecord } from './model-inputs.js';
import type { SecretOptions } from './model-trust.js';
import { openPredictor } from './predictor.js';

/** Marks a folder as one that may be replaced, and says what is in it. */
const MARKER = 'deployment.json';

export type Deployment = {
  readonly folder: string;
  readonly bytes: number;
  /** What to run in the folder. */
  readonly next: string;
};

/**
 * Makes sure that deployments may be written below a folder.
 * @throws AimaasError USAGE when one of their folders holds something else.
 */
export async function requireDeployable(deployers: readonly Deployer[], parent: string): Promise<void> {
  for (const { format } of deployers) {
    const folder = join(parent, format);
    if (await isReplaceable(folder)) continue;
    throw new AimaasError('USAGE', `${folder} holds files that are no deployment of aimaas.`, {
      hint: 'Name another folder with --output, or replace what is there with --force.',
    });
  }
}

async function isReplaceable(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw storageError(error, folder);
  });
  if (names.length === 0) return true;
  const marker = await readFile(join(folder, MARKER), 'utf8')
    .then((text) => JSON.parse(text) as Json)
    .catch(() => undefined);
  return isJsonObject(marker) && marker['kind'] === 'deployment';
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

/** Writes deployments of a bundle, each whole or not at all, in the place of what was there. */
export async function writeDeployments(
  deployers: readonly Deployer[],
  bundle: { readonly folder: string; readonly manifest: BundleManifest; readonly secret: SecretOptions },
  parent: string,
  { reporter, signal }: StepContext,
): Promise<Record<string, Deployment>> {
  const predictor = await openPredictor(bundle.folder, { trust: bundle.secret });
  const example = exampleRecord(predictor.features);
  await predictor.dispose();
  const written: Record<string, Deployment> = {};
  const bar = reporter.progress({ title: 'Packing', total: deployers.length, unit: 'deployments' });
  for (const [i, deployer] of deployers.entries()) {
    throwIfAborted(signal);
    bar.update(i, { format: deployer.format });
    try {
      const folder = resolve(parent, deployer.format);
      written[deployer.format] = await writeDeployment(deployer, { ...bundle, example }, folder);
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
  folder: string,
): Promise<Deployment> {
  const temporary = temporaryName(folder);
  const old = temporaryName(folder);
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(temporary);
    const next = await deployer.write(bundle, temporary);
    const { name, version } = bundle.manifest;
    const { format } = deployer;
    await writeJsonAtomic(join(temporary, MARKER), {
      schemaVersion: 1,
      kind: 'deployment',
      format,
      model: name,
      version,
      aimaas: VERSION,
      next,
    });
    if (await exists(folder)) await rename(folder, old);
    await rename(temporary, folder);
    return { folder, bytes: await sizeOf(folder), next };
  } catch (error) {
    throw storageError(error, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
