import { defineCommand } from '../cli/command.js';
import { ACCESS_OPTIONS } from './serve/access-options.js';
import { LOG_OPTIONS } from './serve/log-options.js';
import type { ServeResult } from '../steps/serve/serve.js';
import { TRUST_OPTIONS, trustOf } from './trust-options.js';
import { HEADER, VERSION, VERSION_AND_PART } from './text-forms.js';

const MEBIBYTE = 1024 * 1024;

export default defineCommand({
  name: 'serve',
  summary: 'Answer predictions over HTTP',
  description: [
    'Serves exported models (or runs) until it is stopped. POST /predict takes {"records": [{column: value}]}; clients of TensorFlow Serving can use its REST API (/v1/models/NAME:predict). /healthz, /readyz, /metrics (Prometheus) and /openapi.json say how it is and what it takes.',
    'NAME follows the newest version and NAME@ALIAS the alias, while the server runs: a new version is loaded and warmed before it takes over, and the old one answers what it was given. If it cannot be loaded the old one stays. NAME/3, a run or a path stays as it is. So `aimaas models alias penguins 4 champion` goes live within a second or two, and the same with 3 rolls it back.',
    'It listens on this machine only, unless --host says otherwise; then it wants API keys (aimaas keys create) or TLS. Keys of the workspace are demanded as soon as there are any, and new and revoked ones are noticed without a restart. docs/security.md has the whole of it.',
    'On SIGTERM or Ctrl-C it stops accepting connections, answers what has arrived and exits 0; a second one ends it at once. With --json it prints one line with its address when it is ready; with -q, the address alone.',
  ].join('\n\n'),
  examples: [
    { command: 'aimaas serve', does: 'serve the newest model at http://127.0.0.1:8080' },
    { command: 'aimaas serve penguins@champion', does: 'serve the version an alias points at' },
    {
      command: 'aimaas serve ./model.onnx',
      does: 'serve a network from elsewhere, whose tensors are its signature',
    },
    {
      command: 'aimaas serve ./my-keras-model',
      does: 'serve a SavedModel of Keras or TensorFlow, where aimaas engines install tensorflow was run',
    },
    {
      command: 'aimaas serve penguins --grpc-port 8500',
      does: 'speak the Open Inference Protocol and TensorFlow Serving over gRPC too',
    },
    {
      command: 'aimaas serve penguins/3 penguins/2 cars --port 9000',
      does: 'serve several models and versions',
    },
    {
      command: 'aimaas serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
      does: 'to a network, encrypted, for holders of the API keys of the workspace',
    },
  ],
  arguments: [
    {
      name: 'MODEL',
      description:
        'Name, name@alias, name/version, run id, path of a bundle, an .onnx file or a SavedModel folder; the first answers requests that name none. Default: the newest',
      variadic: true,
    },
  ],
  options: {
    host: {
      type: 'string',
      placeholder: 'ADDRESS',
      description: 'Address to listen at; 0.0.0.0 for all networks of this machine',
      defaultText: '127.0.0.1',
    },
    port: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      maximum: 65_535,
      description: 'Port to listen at; 0 for any free one',
      defaultText: '8080',
    },
    grpcPort: {
      type: 'integer',
      placeholder: 'N',
      minimum: 0,
      maximum: 65_535,
      description: 'Port to speak gRPC at; 0 for any free one',
      defaultText: 'no gRPC',
    },
    noWatch: {
      type: 'boolean',
      group: 'Versions',
      description: 'Go on with the versions found at the start when aliases move or newer versions appear',
    },
    canary: {
      type: 'string',
      form: VERSION_AND_PART,
      placeholder: 'VERSION=PART',
      repeatable: true,
      description: 'Send part of the requests to another version: penguins/4=10%',
      group: 'Versions',
    },
    sticky: {
      type: 'string',
      form: HEADER,
      placeholder: 'HEADER',
      description: 'With --canary: requests with the same value of this header get the same version',
      group: 'Versions',
    },
    shadow: {
      type: 'string',
      form: VERSION,
      placeholder: 'VERSION',
      repeatable: true,
      description: 'Let another version answer copies of the requests, and compare: penguins/4',
      group: 'Versions',
    },
    workers: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      maximum: 512,
      description: 'Processes that answer; each holds the models in its own memory',
      defaultText: '1',
    },
    memory: {
      type: 'integer',
      placeholder: 'MIB',
      minimum: 64,
      description: 'Replace a worker that uses more memory than this, without losing a request',
      group: 'Limits',
    },
    threads: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      maximum: 256,
      description: 'Threads inside an operation of the network',
      defaultText: '1',
    },
    logPredictions: {
      type: 'string',
      placeholder: 'DIR',
      description:
        'Log inputs and predictions as JSON Lines to this folder (1 GiB at most), for aimaas monitor',
      defaultText: 'no log',
      group: 'Watching',
    },
    logSample: {
      type: 'number',
      placeholder: 'SHARE',
      minimum: 0,
      maximum: 1,
      description: 'Share of the rows that are logged',
      defaultText: '1',
      group: 'Watching',
    },
    logMask: {
      type: 'string',
      placeholder: 'COL',
      repeatable: true,
      description: 'Do not log this column',
      group: 'Watching',
    },
    driftWindow: {
      type: 'integer',
      placeholder: 'ROWS',
      minimum: 0,
      maximum: 10_000_000,
      description: 'Rows that the drift on /metrics is about; 0 measures none',
      defaultText: '10000',
      group: 'Watching',
      advanced: true,
    },
    maxBatchRows: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      description: 'Most rows given to the network at once',
      defaultText: '1024',
      group: 'Limits',
    },
    maxQueue: {
      type: 'integer',
      placeholder: 'ROWS',
      minimum: 1,
      description: 'Most rows that may wait; beyond it requests are refused with 503',
      defaultText: '65536',
      group: 'Limits',
    },
    maxBody: {
      type: 'number',
      placeholder: 'MIB',
      minimum: 0.001,
      maximum: 500,
      description: 'Largest request body in MiB; a larger one is refused with 413',
      defaultText: '16',
      group: 'Limits',
    },
    ...ACCESS_OPTIONS,
    ...LOG_OPTIONS,
    ...TRUST_OPTIONS,
  },
  async run(args, options, context): Promise<ServeResult | null> {
    const { serve } = await import('../steps/serve/serve.js');
    const { logReporter } = await import('../cli/reporter-log.js');
    const reporter =
      options.logFormat === 'json' ? logReporter(context.stderr, context.quiet) : context.reporter;
    await serve(
      {
        models: args,
        host: options.host,
        port: options.port,
        grpcPort: options.grpcPort,
        watch: options.noWatch !== true,
        canaries: options.canary,
        sticky: options.sticky,
        shadows: options.shadow,
        workers: options.workers,
        memory: options.memory,
        threads: options.threads,
        maxBatchRows: options.maxBatchRows,
        maxQueueRows: options.maxQueue,
        maxBodyBytes: options.maxBody === undefined ? undefined : Math.floor(options.maxBody * MEBIBYTE),
        trust: trustOf(options, context),
        accessLog: options.accessLog,
        logFormat: options.logFormat,
        auditPredictions: options.auditPredictions,
        keys: options.keys,
        keysFile: options.keysFile,
        insecure: options.insecure,
        tlsCert: options.tlsCert,
        tlsKey: options.tlsKey,
        tlsClientCa: options.tlsClientCa,
        corsOrigins: options.corsOrigin,
        logPredictions: options.logPredictions,
        logSample: options.logSample,
        logMask: options.logMask,
        driftWindow: options.driftWindow,
        onReady(ready) {
          if (context.json) context.stdout.write(`${JSON.stringify(ready)}\n`);
          else if (context.quiet) context.stdout.write(`${ready.url}\n`);
        },
      },
      { ...context, reporter },
    );
    // What there is to say was said when it was ready.
    return null;
  },
  render: () => '',
  quiet: (result) => result.url,
});
