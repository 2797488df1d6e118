import type { StepContext } from '../core/step.js';
import { openBundleFiles } from '../workspace/bundle-files.js';
import { readBundle } from '../workspace/bundle.js';
import { trustFrom, type TrustOptions } from './model-trust.js';
import { resolveModel } from './resolve-model.js';

export interface VerifyModelOptions extends TrustOptions {
  /** A MODEL argument. Default: the newest. */
  readonly model?: string | undefined;
}

export type VerifyModelResult = {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly version: number | null;
  readonly folder: string;
  /** Id of the key that signed it; null if nobody did. */
  readonly signer: string | null;
  readonly encrypted: boolean;
  /** Files that were compared with the manifest. */
  readonly files: number;
};

/**
 * Compares every file of a model with its manifest, and the manifest with its signature if it has one.
 * @throws AimaasError as `openBundleFiles` does; ARTIFACT_NOT_FOUND when there is no such model.
 */
export async function verifyModel(
  options: VerifyModelOptions,
  context: StepContext,
): Promise<VerifyModelResult> {
  const { folder, name, version } = await resolveModel(context, options.model);
  const files = await openBundleFiles(folder, await trustFrom(options), { all: true });
  const manifest = await readBundle(folder);
  return {
    schemaVersion: 1,
    name,
    version,
    folder,
    signer: files.signer,
    encrypted: files.encrypted,
    files: Object.keys(manifest?.files ?? {}).length,
  };
}
