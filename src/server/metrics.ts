import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { BatchObserver } from './batcher.js';
import type { ModelSet } from './model-set.js';
import { watchDrift, watchLog } from './monitoring/metrics.js';
import type { PredictionLog } from './monitoring/prediction-log.js';
import { watchTraffic } from './traffic/metrics.js';
import type { Traffic } from './traffic/traffic.js';
import { labelsOf, type ServedModel, taskOf } from './served-model.js';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384];

/** What a server counts, in the exposition format and by the naming conventions of Prometheus. */
export class ServerMetrics {
  readonly contentType: string;
  private readonly registry = new Registry();
  private readonly requests: Counter<'method' | 'route' | 'status'>;
  private readonly duration: Histogram<'method' | 'route'>;
  private readonly errors: Counter<'route' | 'code'>;
  private readonly rows: Counter<'model' | 'version'>;
  private readonly handled: Counter<'grpc_service' | 'grpc_method' | 'grpc_code'>;
  private readonly handling: Histogram<'grpc_service' | 'grpc_method'>;
  private readonly batchRows: Histogram<'model' | 'version'>;
  private readonly batchSeconds: Histogram<'model' | 'version'>;

  constructor() {
    const registers = [this.registry];
    this.contentType = this.registry.contentType;
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Counter({
      name: 'http_requests_total',
      help: 'Requests answered, by method, route and status code.',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the head of a request to its answer.',
      labelNames: ['method', 'route'],
      buckets: SECONDS,
      registers,
    });
    this.errors = new Counter({
      name: 'aimaas_request_errors_total',
      help: 'Requests that failed, by route and error code.',
      labelNames: ['route', 'code'],
      registers,
    });
    this.rows = new Counter({
      name: 'aimaas_predicted_rows_total',
      help: 'Rows answered, by model and version.',
      labelNames: ['model', 'version'],
      registers,
    });
    this.handled = new Counter({
      name: 'grpc_server_handled_total',
      help: 'Calls finished, by service, method and status code.',
      labelNames: ['grpc_service', 'grpc_method', 'grpc_code'],
      registers,
    });
    this.handling = new Histogram({
      name: 'grpc_server_handling_seconds',
      help: 'Time from the arrival of a call to its end.',
      labelNames: ['grpc_service', 'grpc_method'],
      buckets: SECONDS,
      registers,
    });
    this.batchRows = new Histogram({
      name: 'aimaas_batch_rows',
      help: 'Rows given to the engine at once.',
      labelNames: ['model', 'version'],
      buckets: ROWS,
      registers,
    });
    this.batchSeconds = new Histogram({
      name: 'aimaas_batch_duration_seconds',
      help: 'Time to answer a batch: transforms, network and decoding.',
      labelNames: ['model', 'version'],
      buckets: SECONDS,
      registers,
    });
  }

  /** Says what is served, and reads the depth of its queues whenever the metrics are asked for. */
  watch(models: ModelSet, draining: () => boolean): void {
    const registers = [this.registry];
    new Gauge({
      name: 'aimaas_model_info',
      help: '1 for every served model version.',
      labelNames: ['model', 'version', 'task'],
      aggregator: 'max',
      registers,
      collect() {
        this.reset();
        for (const { model } of models.all) this.set({ ...labelsOf(model), task: taskOf(model) }, 1);
      },
    });
    new Gauge({
      name: 'aimaas_queue_rows',
      help: 'Rows that wait for the engine.',
      labelNames: ['model', 'version'],
      registers,
      collect() {
        this.reset();
        for (const { model, batcher } of models.all) this.set(labelsOf(model), batcher.queuedRows);
      },
    });
    watchDrift(this.registry, models);
    new Gauge({
      name: 'aimaas_draining',
      help: '1 while the server finishes its last requests.',
      aggregator: 'max',
      registers,
      collect() {
        this.set(draining() ? 1 : 0);
      },
    });
  }

  observerOf(model: ServedModel): BatchObserver {
    const labels = labelsOf(model);
    return {
      batch: (rows, seconds) => {
        this.rows.inc(labels, rows);
        this.batchRows.observe(labels, rows);
        this.batchSeconds.observe(labels, seconds);
      },
    };
  }

  request(method: string, route: string, status: number, seconds: number): void {
    this.requests.inc({ method, route, status });
    this.duration.observe({ method, route }, seconds);
  }

  /** Counts what comes of traffic rules. */
  watchTraffic(traffic: Traffic): void {
    watchTraffic(this.registry, traffic);
  }

  /** Counts what a prediction log wrote and dropped. */
  watchLog(log: PredictionLog): void {
    watchLog(this.registry, log);
  }

  /** A call over gRPC, with the name of its status. */
  call(service: string, method: string, code: string, seconds: number): void {
    const labels = { grpc_service: service, grpc_method: method };
    this.handled.inc({ ...labels, grpc_code: code });
    this.handling.observe(labels, seconds);
  }

  error(route: string, code: string): void {
    this.errors.inc({ route, code });
  }

  /** For adding up with the metrics of other processes. */
  json(): Promise<object[]> {
    return this.registry.getMetricsAsJSON();
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
