import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import type { Coordinator } from './bus.js';
import { ALL_METRICS, READ_METRICS } from './topics.js';
import type { WorkerReport } from './worker-pool.js';

/** What the coordinating process counts itself, and the sum of it and what all processes count. */
export class CoordinatorMetrics {
  private readonly registry = new Registry();
  private readonly loads: Counter<'model' | 'version' | 'result'>;

  constructor() {
    this.loads = new Counter({
      name: 'aimaas_model_loads_total',
      help: 'Model versions loaded while serving, by result (ok, failed).',
      labelNames: ['model', 'version', 'result'],
      registers: [this.registry],
    });
  }

  /** A version was loaded while serving, or could not be. */
  modelLoad(model: string, version: number | null, ok: boolean): void {
    this.loads.inc({ model, version: version === null ? '' : String(version), result: ok ? 'ok' : 'failed' });
  }

  /** Reads how the workers are whenever the metrics are asked for. */
  watchWorkers(reports: () => readonly WorkerReport[], restarted: () => number): void {
    const registers = [this.registry];
    new Gauge({
      name: 'aimaas_workers',
      help: 'Worker processes that run.',
      registers,
      collect() {
        this.set(reports().length);
      },
    });
    new Gauge({
      name: 'aimaas_worker_memory_bytes',
      help: 'Resident memory of each worker process.',
      labelNames: ['worker'],
      registers,
      collect() {
        this.reset();
        for (const { worker, memory } of reports()) this.set({ worker: String(worker) }, memory);
      },
    });
    new Gauge({
      name: 'aimaas_worker_connections',
      help: 'Connections that each worker process has open.',
      labelNames: ['worker'],
      registers,
      collect() {
        this.reset();
        for (const { worker, connections } of reports()) this.set({ worker: String(worker) }, connections);
      },
    });
    new Counter({
      name: 'aimaas_worker_restarts_total',
      help: 'Worker processes replaced because they ended by themselves.',
      registers,
      collect() {
        this.reset();
        this.inc(restarted());
      },
    });
  }

  /** Answers what the members ask for: the metrics of all of them as one text. */
  offer(coordinator: Coordinator): void {
    coordinator.answer(ALL_METRICS, async () => {
      const parts = await coordinator.askAll(READ_METRICS, null);
      return AggregatorRegistry.aggregate([await this.registry.getMetricsAsJSON(), ...parts]).metrics();
    });
  }
}
