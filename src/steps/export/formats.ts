import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleFormat, ParityResult } from '../../core/bundle.js';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import type { Table } from '../../core/table.js';
import { checkParity, type Exporter, EXPORTERS, type ExportModel } from '../../exporters/index.js';
import { describeFiles } from '../../workspace/workspace.js';

/** Rows that exports are checked on, and what the run itself answers for them. */
export interface Probes {
  readonly rows: Table;
  readonly expected: Float32Array;
}

/** @throws AimaasError UNSUPPORTED for a format that was named and cannot hold the model, or when none can. */
export function supported(
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
/** Writes every format into the bundle, each checked against what the run itself answers. */
export async function writeFormats(
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
