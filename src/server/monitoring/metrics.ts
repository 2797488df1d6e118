import { Counter, Gauge, type Registry } from 'prom-client';
import type { ModelSet } from '../model-set.js';
import { labelsOf } from '../served-model.js';
import type { PredictionLog } from './prediction-log.js';

/** Drift of what is served, read whenever the metrics are asked for. */
export function watchDrift(registry: Registry, models: ModelSet): void {
  const gauge = (of: 'input' | 'prediction', help: string): Gauge<'model' | 'version' | 'column'> =>
    new Gauge({
      name: `aimaas_${of}_drift_psi`,
      help,
      labelNames: ['model', 'version', 'column'],
      registers: [registry],
      // Each worker sees a share of the same requests: of their indices the mean is nearest to that of all.
      aggregator: 'average',
      collect() {
        this.reset();
        for (const { model } of models.all) {
          if (model.kind !== 'columns') continue;
          for (const found of model.watcher?.drift() ?? []) {
            if (found.of === of) this.set({ ...labelsOf(model), column: found.column }, found.psi);
          }
        }
      },
    });
  gauge(
    'input',
    'Population stability index of an input column against the training rows, over the last rows.',
  );
  gauge(
    'prediction',
    'Population stability index of the predictions against those expected, over the last rows.',
  );
  new Gauge({
    name: 'aimaas_drift_window_rows',
    help: 'Rows that the drift metrics are about.',
    labelNames: ['model', 'version'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { model } of models.all) {
        if (model.kind === 'columns' && model.watcher !== undefined) {
          this.set(labelsOf(model), model.watcher.rows);
        }
      }
    },
  });
}

/** Lines of the prediction log, written and dropped. */
export function watchLog(registry: Registry, log: PredictionLog): void {
  new Counter({
    name: 'aimaas_prediction_log_rows_total',
    help: 'Rows of the prediction log, by result (written, or dropped because the disk failed or was too slow).',
    labelNames: ['result'],
    registers: [registry],
    collect() {
      this.reset();
      this.inc({ result: 'written' }, log.written);
      this.inc({ result: 'dropped' }, log.dropped);
    },
  });
}
