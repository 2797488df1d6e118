import { AimaasError } from '../core/errors.js';
import {
  DEPLOYMENT_FORMATS,
  type DeploymentFormat,
  EXPORT_FORMATS,
  type ExportFormat,
} from '../core/export-names.js';
import { didYouMean } from '../core/suggest.js';
import type { Deployer } from './deployment.js';
import { docker } from './docker.js';
import { executable } from './executable.js';
import type { Exporter } from './exporter.js';
import { kubernetes } from './kubernetes.js';
import { onnx } from './onnx.js';
import { savedModel } from './saved-model.js';
import { tfjs } from './tfjs.js';

export type { Deployer } from './deployment.js';
export type { ExportModel, Exporter, LoadedExport } from './exporter.js';
export { checkParity } from './parity.js';
export { probeRows } from './probes.js';
export { bundleReadme } from './readme.js';
export { type FeatureMatrix, FEATURES_FILE } from './readme-features.js';

const EXPORTER_OF: Readonly<Record<ExportFormat, Exporter>> = { onnx, tfjs, 'saved-model': savedModel };
const DEPLOYER_OF: Readonly<Record<DeploymentFormat, Deployer>> = { docker, kubernetes, executable };

/** Every format, in the order they are written by default. */
export const EXPORTERS: readonly Exporter[] = EXPORT_FORMATS.map((format) => EXPORTER_OF[format]);

const DEPLOYERS: readonly Deployer[] = DEPLOYMENT_FORMATS.map((format) => DEPLOYER_OF[format]);

/** @throws AimaasError USAGE for a format that there is not, with the nearest name. */
export function formatFor(format: string): { readonly exporter: Exporter } | { readonly deployer: Deployer } {
  const exporter = EXPORTERS.find((one) => one.format === format);
  if (exporter !== undefined) return { exporter };
  const deployer = DEPLOYERS.find((one) => one.format === format);
  if (deployer !== undefined) return { deployer };
  const known = [...EXPORTERS, ...DEPLOYERS].map((one) => one.format);
  throw new AimaasError('USAGE', `Unknown export format "${format}". ${didYouMean(format, known)}`, {
    hint: `aimaas export --format ${known.join(',')}`,
  });
}
