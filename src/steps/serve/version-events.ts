import { AimaasError } from '../../core/errors.js';
import type { Reporter } from '../../core/reporter.js';
import type { CoordinatorMetrics } from '../../server/cluster/coordinator-metrics.js';
import type { ControllerEvents } from '../../server/model-controller.js';
import { titleOf } from '../../server/plan.js';

/** Tells of versions that come and go: to whoever watches the log, and as metrics. */
export function versionEvents(reporter: Reporter, metrics: CoordinatorMetrics): ControllerEvents {
  return {
    loaded(target, before, seconds) {
      metrics.modelLoad(target.name, target.version, true);
      const place = before === null ? '' : ` in place of ${titleOf(before)}`;
      reporter.info(`${titleOf(target)} answers now${place} (loaded in ${Math.round(seconds * 1000)} ms).`);
    },
    failed({ reference, wanted, serving }, error) {
      metrics.modelLoad(wanted?.name ?? reference, wanted?.version ?? null, false);
      const what = wanted === null ? reference : titleOf(wanted);
      const meanwhile = serving === null ? '' : ` ${titleOf(serving)} goes on answering.`;
      reporter.warn(
        `${what} could not be loaded.${meanwhile} ${error instanceof Error ? error.message : String(error)}`,
        error instanceof AimaasError ? error.hint : undefined,
      );
    },
  };
}
