import type { Readable } from 'node:stream';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import {
  compareCounts,
  Counter,
  type Counts,
  type DriftReference,
  emptyCounts,
  furthestFirst,
  predictionTable,
} from '../../drift/index.js';
import { openRows } from '../../sources/open.js';
import { readReference } from '../drift-reference.js';
import type { TrustOptions } from '../model-trust.js';
import { judgeLimits, parseLimits } from './limits.js';
import { type LogSummary, readPredictionLog } from './log.js';
import type { MonitorResult } from './result.js';
import { monitorWarnings } from './warnings.js';
import { type OpenedPredictor, openPredictor } from '../predictor.js';
import { type ResolvedModel, resolveModel } from '../resolve-model.js';
import { requireFolder } from '../require-folder.js';

export interface MonitorOptions {
  /** MODEL argument; default: the newest model. */
  readonly model?: string | undefined;
  /** Rows to compare: files, globs, URLs, or "-" for stdin. The model predicts them. */
  readonly data?: readonly string[] | undefined;
  /** What "-" reads. */
  readonly stdin?: Readable | undefined;
  /** Instead of `data`: the folder that serve logs its predictions to, or a file of it. */
  readonly log?: string | undefined;
  /** Of a log, only predictions of the last so many seconds. */
  readonly since?: number | undefined;
  /** MEASURE=NUMBER: the most that psi, prediction_psi, ks, missing or unseen may be. */
  readonly failOver?: readonly string[] | undefined;
  /** Folder for report.html, the plots and drift.json. */
  readonly output?: string | undefined;
  readonly threads?: number | undefined;
  /** Who must have signed the model, and what opens it if it is encrypted. */
  readonly trust?: TrustOptions | undefined;
}

/** Rows compared at once. */
const CHUNK_ROWS = 4096;

/**
 * Compares rows that a model is asked about with those it learned from: the distribution of every input column and of the
 * predictions.
 * @throws AimaasError USAGE without rows to compare or for a limit that there is not, ARTIFACT_INCOMPATIBLE for a model
 * without reference, TOO_FEW_ROWS when there are none; errors of the model and the sources as their modules say.
 */
export async function monitor(options: MonitorOptions, context: StepContext): Promise<MonitorResult> {
  const limits = parseLimits(options.failOver ?? []);
  await requireFolder('--output', options.output);
  if ((options.data === undefined) === (options.log === undefined)) {
    const got = options.data === undefined ? 'neither' : 'both';
    throw new AimaasError('USAGE', `monitor got ${got} of --data and --log; expected one of them.`, {
      hint: 'aimaas monitor --data new.csv, or: aimaas monitor --log DIR, where DIR is that of serve --log-predictions',
    });
  }
  const model = await resolveModel(context, options.model);
  const reference = await readReference(model.folder, options.trust);
  if (reference === undefined) throw withoutReference(model);
  const predictor = await openPredictor(model.folder, options);
  try {
    const seen = new Seen(reference, predictor);
    const log: LogSummary = { unreadable: 0, others: 0, first: null, last: null };
    if (options.log === undefined) await readData(seen, options, context);
    else await readLog(seen, options.log, options.since, model, log, context);
    if (seen.rows === 0) throw withoutRows(options, model, log);
    const result = compare(seen, reference, limits, model, options, log);
    for (const warning of result.warnings) context.reporter.warn(warning);
    if (options.output === undefined) return result;
    const { writeMonitorReport } = await import('./report.js');
    return await writeMonitorReport(options.output, result);
  } finally {
    await predictor.dispose();
  }
}

/** What has been counted so far. */
class Seen {
  rows = 0;
  readonly inputs: Counts;
  readonly predictions: Counts;
  readonly predictor: OpenedPredictor;
  private readonly inputCounter: Counter;
  private readonly predictionCounter: Counter;

  constructor(reference: DriftReference, predictor: OpenedPredictor) {
    this.predictor = predictor;
    this.inputCounter = new Counter(reference.columns);
    this.predictionCounter = new Counter(reference.predictions.columns);
    this.inputs = emptyCounts(reference.columns);
    this.predictions = emptyCounts(reference.predictions.columns);
  }

  add(table: Parameters<Counter['add']>[1], predictions: Parameters<typeof predictionTable>[1]): void {
    this.rows += table.rows;
    this.inputCounter.add(this.inputs, table);
    this.predictionCounter.add(this.predictions, predictionTable(this.predictor.classes, predictions));
  }
}

async function readData(seen: Seen, options: MonitorOptions, context: StepContext): Promise<void> {
  const progress = context.reporter.progress({ title: 'Comparing', unit: 'rows' });
  try {
    const tables = openRows(options.data ?? [], {
      schema: seen.predictor.schema,
      chunkRows: CHUNK_ROWS,
      stdin: options.stdin,
      signal: context.signal,
      cache: `${context.workspace}/downloads`,
    });
    for await (const table of tables) {
      throwIfAborted(context.signal);
      seen.add(table, await seen.predictor.predict(table));
      progress.update(seen.rows);
    }
    progress.done();
  } catch (error) {
    progress.fail();
    throw error;
  }
}

async function readLog(
  seen: Seen,
  location: string,
  since: number | undefined,
  model: ResolvedModel,
  log: LogSummary,
  context: StepContext,
): Promise<void> {
  const filter = {
    model: model.name,
    version: model.version,
    since: since === undefined ? undefined : Date.now() - since * 1000,
  };
  const chunks = readPredictionLog(location, seen.predictor.schema, filter, log, context.signal);
  for await (const { table, predictions } of chunks) seen.add(table, predictions);
}

function compare(
  seen: Seen,
  reference: DriftReference,
  limits: ReturnType<typeof parseLimits>,
  model: ResolvedModel,
  options: MonitorOptions,
  log: LogSummary,
): MonitorResult {
  const inputs = furthestFirst(compareCounts(reference.columns, seen.inputs));
  const predictions = compareCounts(reference.predictions.columns, seen.predictions);
  return {
    schemaVersion: 1,
    model: { name: model.name, version: model.version, run: model.run },
    current: {
      source: options.log === undefined ? 'data' : 'log',
      location: options.log ?? (options.data ?? []).join(', '),
      rows: seen.rows,
      first: log.first,
      last: log.last,
      unreadable: log.unreadable,
    },
    reference: {
      trainingRows: reference.trainingRows,
      rows: reference.rows,
      predictions: { from: reference.predictions.from, rows: reference.predictions.rows },
    },
    inputs,
    predictions,
    thresholds: judgeLimits(limits, { inputs, predictions }),
    warnings: monitorWarnings({ inputs, predictions, reference, rows: seen.rows, log }),
    output: null,
    files: [],
  };
}

function withoutReference(model: ResolvedModel): AimaasError {
  const what =
    model.version === null ? `The run ${model.run ?? model.name}` : `${model.name}/${model.version}`;
  return new AimaasError(
    'ARTIFACT_INCOMPATIBLE',
    `${what} does not say what its training rows looked like: there is no reference.json in ${model.folder}.`,
    { hint: `aimaas export${model.run === null ? '' : ` --run ${model.run}`} --force` },
  );
}

function withoutRows(options: MonitorOptions, model: ResolvedModel, log: LogSummary): AimaasError {
  if (options.log === undefined) {
    return new AimaasError('TOO_FEW_ROWS', `${(options.data ?? []).join(', ')} has no rows to compare.`, {
      hint: 'Name a file with rows: aimaas monitor --data FILE',
    });
  }
  const name = model.version === null ? model.name : `${model.name}/${model.version}`;
  const others = log.others === 0 ? '' : ` It has ${log.others} of other models, versions or times.`;
  return new AimaasError('TOO_FEW_ROWS', `${options.log} has no predictions of ${name}.${others}`, {
    hint: 'Name the model that was served (aimaas monitor NAME/VERSION), or leave out --since.',
  });
}
