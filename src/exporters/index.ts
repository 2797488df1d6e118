import { AimaasError } from '../core/errors.js';
import { didYouMean } from '../core/suggest.js';
import type { Exporter } from './exporter.js';
import { onnx } from './onnx.js';
import { savedModel } from './saved-model.js';
import { tfjs } from './tfjs.js';

export type { ExportModel, Exporter, LoadedExport } from './exporter.js';
export { checkParity } from './parity.js';
export { probeRows } from './probes.js';
export { bundleReadme } from './readme.js';

/** Every format, in the order they are written by default. */
export const EXPORTERS: readonly Exporter[] = [onnx, tfjs, savedModel];

/** @throws AimaasError USAGE for a format that there is not, with the nearest name. */
export function exporterFor(format: string): Exporter {
  const found = EXPORTERS.find((exporter) => exporter.format === format);
  if (found !== undefined) return found;
  const known = EXPORTERS.map((exporter) => exporter.format);
  throw new AimaasError('USAGE', `Unknown export format "${format}". ${didYouMean(format, known)}`, {
    hint: `aimaas export --format ${known.join(',')}`,
  });
}
