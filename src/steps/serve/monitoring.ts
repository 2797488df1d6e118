import { AimaasError } from '../../core/errors.js';
import type { StepContext } from '../../core/step.js';
import { didYouMean } from '../../core/suggest.js';
import { loggedRows } from '../../server/monitoring/logged-rows.js';
import { PredictionLog } from '../../server/monitoring/prediction-log.js';
import type { Watcher } from '../../server/monitoring/watcher.js';
import { DriftWindow } from '../../server/monitoring/window.js';
import type { ColumnModel, ServedModel } from '../../server/served-model.js';
import type { DriftReference } from '../../drift/index.js';
import { readReference } from '../drift-reference.js';
import type { TrustOptions } from '../model-trust.js';
import { profileOf } from '../model-profile.js';

export interface MonitoringOptions {
  /** Folder for a log of predictions. Default: none is kept. */
  readonly logPredictions?: string | undefined;
  readonly trust?: TrustOptions | undefined;
  /** Share of the rows that are logged. Default 1. */
  readonly logSample?: number | undefined;
  /** Columns that are not logged. */
  readonly logMask?: readonly string[] | undefined;
  /** Rows that drift is measured over. Default 10,000; 0 measures none. */
  readonly driftWindow?: number | undefined;
}

const DRIFT_WINDOW = 10_000;

/** What watches the rows of served models: the prediction log, and drift against the training rows. */
export class Monitoring {
  readonly log: PredictionLog | undefined;
  private readonly options: MonitoringOptions;
  private readonly mask: ReadonlySet<string>;
  private hasFailed = false;
  private readonly reporter: StepContext['reporter'];

  /** @throws AimaasError USAGE for options of a log that there is not. */
  constructor(options: MonitoringOptions, { reporter }: Pick<StepContext, 'reporter'>) {
    this.options = options;
    this.reporter = reporter;
    this.mask = new Set(options.logMask ?? []);
    const { logPredictions: folder } = options;
    if (folder === undefined && (options.logSample !== undefined || this.mask.size > 0)) {
      throw new AimaasError('USAGE', '--log-sample and --log-mask are about a log that is not kept.', {
        hint: 'aimaas serve --log-predictions DIR --log-sample 0.1 --log-mask COLUMN',
      });
    }
    this.log =
      folder === undefined
        ? undefined
        : new PredictionLog({ folder, onProblem: (problem) => this.reporter.warn(problem) });
  }

  /**
   * A model whose rows are watched.
   * @param folder holds its reference.json, if it has one.
   */
  async watch(model: ColumnModel, folder: string): Promise<ColumnModel> {
    const reference = await this.referenceOf(folder);
    const profile = reference === undefined ? undefined : profileOf(reference, model.example);
    const rows = this.options.driftWindow ?? DRIFT_WINDOW;
    const window = reference === undefined || rows === 0 ? undefined : new DriftWindow(reference, rows);
    const { log } = this;
    if (window === undefined && log === undefined) return { ...model, profile };
    const options = { sample: this.options.logSample ?? 1, mask: this.mask };
    const watcher: Watcher = {
      answered: (table, scores) => {
        try {
          window?.add(table, scores);
          if (log === undefined) return;
          for (const line of loggedRows(model, table, scores, options)) log.add(line);
        } catch (error) {
          // Whoever asked has an answer; that it was not watched is none of their business.
          this.failed(error);
        }
      },
      get rows() {
        return window?.rows ?? 0;
      },
      drift: () => window?.drift() ?? [],
    };
    return { ...model, profile, watcher };
  }

  /**
   * Makes sure that what must not be logged is not: a misspelt column would be.
   * @throws AimaasError USAGE for a masked column that no model has.
   */
  checkMask(models: readonly ServedModel[]): void {
    const known = models.flatMap((model) =>
      model.kind === 'columns' ? model.inputs.map(({ name }) => name) : [],
    );
    for (const name of this.mask) {
      if (known.includes(name)) continue;
      throw new AimaasError(
        'USAGE',
        `--log-mask: no served model has a column "${name}". ${didYouMean(name, known)}`,
        {
          hint: 'Name a column as the model has it: aimaas models show NAME',
        },
      );
    }
  }

  private failed(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.reporter.warn(`A prediction could not be watched: ${(error as Error).message}`);
  }

  async close(): Promise<void> {
    await this.log?.close();
  }

  private async referenceOf(folder: string): Promise<DriftReference | undefined> {
    try {
      return await readReference(folder, this.options.trust);
    } catch (error) {
      this.reporter.warn(`Drift is not measured: ${(error as Error).message}`);
      return undefined;
    }
  }
}
