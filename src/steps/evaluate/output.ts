import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Metrics } from '../../core/artifacts.js';
import { removeLeftovers } from '../../workspace/leftovers.js';
import { storageError, temporaryName, writeJsonAtomic } from '../../workspace/atomic.js';
import type { CellLookup } from './cells.js';
import type { ReportContent } from './report.js';
import type { EvaluateOptions, EvaluateResult } from './result.js';
import { isJsonObject, type Json, type JsonObject } from '../../core/json.js';
import { makeFolder } from '../../core/make-folder.js';

/** The file that says what an evaluation found; written last, so a folder that has it is complete. */
const METRICS_FILE = 'metrics.json';

/** What stands in the folder of an earlier evaluation, if anything. */
export async function readEvaluation(folder: string): Promise<JsonObject | undefined> {
  try {
    const json = JSON.parse(await readFile(join(folder, METRICS_FILE), 'utf8')) as Json;
    return isJsonObject(json) ? json : undefined;
  } catch {
    // None, or one that was damaged: it is made again.
    return undefined;
  }
}

/** What `evaluate` found on the test split of the run in this folder; null before it was run. */
export async function testMetrics(run: string): Promise<Metrics | null> {
  const evaluation = await readEvaluation(join(run, 'evaluation', 'test'));
  const metrics: Json | undefined = evaluation?.['metrics'];
  if (!isJsonObject(metrics)) return null;
  const numbers = Object.entries(metrics).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(numbers) as Metrics;
}

/** The files that an earlier evaluation says it wrote into the folder. */
async function filesOf(folder: string): Promise<string[]> {
  const evaluation = await readEvaluation(folder);
  const files = typeof evaluation?.['evaluation'] === 'string' ? evaluation['files'] : [];
  if (!Array.isArray(files)) return [];
  return files.filter((name) => typeof name === 'string').filter((name) => basename(name) === name);
}

/**
 * Writes files into `folder` so that a reader sees all of the old ones or all of the new, as far as a file system can:
 * everything is made in a folder beside it and then moved, metrics.json last. Files of others stay.
 * @returns what `write` made, by name.
 * @throws AimaasError STORAGE when the folder cannot be written.
 */
async function replaceFiles(folder: string, write: (dir: string) => Promise<void>): Promise<string[]> {
  const temporary = temporaryName(folder);
  try {
    await removeLeftovers(dirname(folder));
    await makeFolder(dirname(folder));
    await mkdir(temporary);
    await write(temporary);
    const before = await filesOf(folder);
    const names = (await readdir(temporary)).sort(
      (a, b) => Number(a === METRICS_FILE) - Number(b === METRICS_FILE) || a.localeCompare(b),
    );
    await makeFolder(folder);
    await rm(join(folder, METRICS_FILE), { force: true });
    for (const name of names) await rename(join(temporary, name), join(folder, name));
    // What an earlier evaluation left here, of another model perhaps, would be taken for this one's.
    for (const name of before) if (!names.includes(name)) await rm(join(folder, name), { force: true });
    return names;
  } catch (error) {
    throw storageError(error, folder, 'name another folder with --output');
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** What the files are made of. */
export interface EvaluationContent extends Omit<ReportContent, 'worst' | 'warnings' | 'folds'> {
  /** Finds the raw cells of the worst rows, where they can be had. */
  readonly lookUp: CellLookup | undefined;
}

/**
 * Writes predictions, plots, report and metrics.json.
 * @returns the names of the files.
 */
export async function writeEvaluation(
  folder: string,
  result: EvaluateResult,
  options: EvaluateOptions,
  signal: AbortSignal,
  content: EvaluationContent,
): Promise<string[]> {
  const files: string[] = [];
  await replaceFiles(folder, async (dir) => {
    const { writePredictions } = await import('./predictions.js');
    files.push(await writePredictions(content.judged, dir, options.predictions ?? 'csv', signal));
    if (options.plots !== false) {
      const { writeReport } = await import('./report.js');
      const { worstRows } = await import('./worst.js');
      const worst = await worstRows(content.judged, content.lookUp);
      const { warnings, folds } = result;
      files.push(...(await writeReport(dir, { ...content, worst, warnings, folds })));
    }
    files.push(METRICS_FILE);
    await writeJsonAtomic(join(dir, METRICS_FILE), { ...result, files, output: null });
  });
  return files;
}
