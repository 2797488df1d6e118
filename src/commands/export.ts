import { defineCommand } from '../cli/command.js';
import { formatBytes, formatNumber } from '../cli/format.js';
import { DEPLOYMENT_FORMATS, EXPORT_FORMATS } from '../core/export-names.js';
import type { ExportResult } from '../steps/export/export.js';
import { passphraseIn } from './trust-options.js';
import { ALIAS, NAME_OF_MODEL } from './text-forms.js';

/** Metrics shown in the summary, the ones people quote first. */
const SHOWN = ['accuracy', 'roc_auc', 'log_loss', 'r2', 'rmse'];

export default defineCommand({
  name: 'export',
  summary: 'Make a run into a model version that needs no aimaas to be used',
  description:
    'Writes models/<name>/<version>/ in the workspace: what predict and serve use, and a folder for each format, with ' +
    'the fitted transforms inside, so that raw columns go in and labelled answers come out. Every file is loaded again ' +
    'and has to give the predictions of the run on real rows; otherwise nothing is published. docs/formats.md shows how ' +
    'to use the files in Python, JavaScript and other languages.',
  examples: [
    { command: 'aimaas export', does: 'the current run in every format, under the name of the data' },
    {
      command: 'aimaas export --name churn --alias champion',
      does: 'under a name of your own, and make it the champion',
    },
    {
      command: 'aimaas export --format onnx --output ./deploy',
      does: 'ONNX only, and a copy in ./deploy',
    },
    {
      command: 'aimaas export --format docker,kubernetes --output deploy',
      does: 'deploy/docker to build an image of, and deploy/kubernetes to apply',
    },
    {
      command: 'aimaas export --sign release.pem --encrypt',
      does: 'signed, and encrypted with the passphrase in AIMAAS_PASSPHRASE',
    },
    { command: 'aimaas export --run 3fa2 -q', does: 'an older run; prints name/version for a script' },
  ],
  arguments: [],
  options: {
    run: {
      type: 'string',
      placeholder: 'ID',
      description: 'The run to export, by its id or the beginning of it',
      defaultText: 'the current run',
      commandLineOnly: true,
    },
    format: {
      type: 'string',
      placeholder: 'FORMAT',
      repeatable: true,
      choices: [...EXPORT_FORMATS, ...DEPLOYMENT_FORMATS],
      description:
        'onnx (ONNX Runtime, any language), tfjs (TensorFlow.js), saved-model (TensorFlow); or, to serve it elsewhere, docker (a folder to build an image of), kubernetes (manifests, also for KServe), executable (one file for machines like this one)',
      defaultText: 'onnx, tfjs and saved-model',
    },
    name: {
      type: 'string',
      form: NAME_OF_MODEL,
      placeholder: 'NAME',
      description: 'Name of the model',
      defaultText: 'the name of the data',
    },
    output: {
      type: 'string',
      placeholder: 'DIR',
      description:
        'Copy the finished bundle to this folder, too; docker, kubernetes and executable go below it',
    },
    alias: {
      type: 'string',
      form: ALIAS,
      placeholder: 'ALIAS',
      description: 'Point this alias, such as champion, at the version',
    },
    force: {
      type: 'boolean',
      description:
        'Make a new version even if nothing changed; write to --output beside files that are not of aimaas',
      commandLineOnly: true,
    },
    sign: {
      type: 'string',
      placeholder: 'KEYFILE',
      description: 'Sign the version with this private key (aimaas keys generate signing)',
      group: 'Protection',
    },
    encrypt: {
      type: 'boolean',
      description: 'Encrypt its files with AIMAAS_PASSPHRASE, --passphrase-file or --encryption-key',
      group: 'Protection',
    },
    encryptionKey: {
      type: 'string',
      placeholder: 'FILE',
      description: 'Encrypt with this key (aimaas keys generate encryption)',
      group: 'Protection',
    },
    passphraseFile: {
      type: 'string',
      placeholder: 'FILE',
      description: 'Encrypt with a passphrase: the first line of the file',
      group: 'Protection',
    },
  },
  async run(_, options, context): Promise<ExportResult> {
    const { exportModel } = await import('../steps/export/export.js');
    return exportModel({ ...options, passphrase: passphraseIn(context.env) }, context);
  },
  render(result, style) {
    const { name, version, formats, metrics, aliases, upToDate, deployments } = result;
    const title = `${style.bold(`${name}/${version}`)}${aliases.length === 0 ? '' : ` (${aliases.join(', ')})`}`;
    const rows = Object.entries(formats).map(([format, { bytes, parity }]) => [
      format,
      formatBytes(bytes),
      `${parity.rows} rows through ${parity.checkedWith}`,
      parity.maximumDifference.toExponential(1),
    ]);
    const [split, values] =
      metrics.test === null ? ['validation', metrics.validation] : ['test', metrics.test];
    const quoted = SHOWN.flatMap((metric) => {
      const value = values[metric];
      return value === undefined ? [] : [`${metric} ${formatNumber(value)}`];
    });
    return [
      upToDate
        ? `${style.green('✔')} ${title} is up to date (run ${result.run}).`
        : `${style.green('✔')} Run ${result.run} is now ${title}.`,
      style.table(['format', 'size', 'checked on', 'largest difference'], rows),
      ...(quoted.length === 0 ? [] : [`On ${split} rows: ${quoted.join(', ')}.`]),
      ...protection(result),
      `Files: ${result.output ?? result.folder}`,
      ...Object.entries(deployments).map(
        ([format, { folder, bytes, next }]) =>
          `${style.bold(format)}: ${folder} (${formatBytes(bytes)})\n  ${next}`,
      ),
      `Next: ${style.bold(`aimaas serve ${name}`)} or ${style.bold(`aimaas predict ${name} FILE`)}`,
    ].join('\n\n');
  },
  quiet: ({ name, version }) => `${name}/${version}`,
});

function protection({ signedBy, encrypted }: ExportResult): string[] {
  const parts = [
    ...(signedBy === null ? [] : [`signed by ${signedBy}`]),
    ...(encrypted ? ['encrypted'] : []),
  ];
  return parts.length === 0 ? [] : [`Protection: ${parts.join(', ')}.`];
}
