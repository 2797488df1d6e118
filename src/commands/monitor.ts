import { defineCommand, type Style } from '../cli/command.js';
import { formatNumber } from '../cli/format.js';
import { EXIT } from '../core/error-codes.js';
import { DRIFT_MEASURES } from '../core/metric-names.js';
import type { MonitorResult } from '../steps/monitor/result.js';
import { TRUST_OPTIONS, trustOf } from './trust-options.js';

function percent(share: number | null): string | null {
  return share === null ? null : `${formatNumber(100 * share)} %`;
}

function coloured(level: MonitorResult['inputs'][number]['level'], style: Style): string {
  switch (level) {
    case 'stable':
      return style.green(level);
    case 'moderate':
      return style.yellow(level);
    case 'major':
      return style.red(level);
    case 'unknown':
    case 'absent':
      return style.dim(level);
  }
}

export default defineCommand({
  name: 'monitor',
  summary: 'Compare what a model is asked with what it learned from',
  description: [
    'Compares rows (a file, or what serve logged with --log-predictions) with the training rows of a model, whose distribution every exported model carries in reference.json: each input column, and the predictions.',
    'PSI, the population stability index, says how far a column has moved: below 0.1 it is stable, from 0.2 it is another distribution. It is taken over ten bins of equal training rows, or the categories, with missing cells as a bin. Beside it stand the Kolmogorov-Smirnov test (numbers) or the chi-square test (categories), the shares of missing cells, of categories never seen in training and of values out of the range of training. A few rows differ by chance: with too few the answer is unknown, and no threshold fails. Dates are shown and not judged.',
    'With --fail-over a scheduled job can retrain: exit code 5 says that a threshold is passed. Measures: psi, prediction_psi (of what the model predicts), ks (the statistic), missing (increase of the share of missing cells), unseen (share of new categories).',
  ].join('\n\n'),
  examples: [
    { command: 'aimaas monitor churn --data today.csv', does: 'compare a file with the training rows' },
    {
      command: 'aimaas monitor churn@champion --log /var/log/churn --since 24h',
      does: 'compare what was asked in the last day',
    },
    {
      command: 'aimaas monitor --data new.csv --fail-over psi=0.2 || aimaas run new.csv --target y',
      does: 'train again when the data have moved',
    },
    { command: 'aimaas monitor --data new.csv --output drift', does: 'with drift/report.html and plots' },
  ],
  arguments: [
    { name: 'MODEL', description: 'Name, name@alias, name/version or path of a bundle. Default: the newest' },
  ],
  options: {
    data: {
      type: 'string',
      placeholder: 'FILE',
      repeatable: true,
      description: 'Rows to compare: file, glob, URL, or - for stdin; the target may be missing',
      commandLineOnly: true,
    },
    log: {
      type: 'string',
      placeholder: 'DIR',
      description: 'Prediction log of serve: its folder, or one file',
    },
    since: {
      type: 'duration',
      placeholder: 'TIME',
      description: 'Of the log, only the last 24h, 7d …',
      defaultText: 'all',
    },
    failOver: {
      type: 'string',
      form: {
        name: { of: DRIFT_MEASURES, what: 'measure' },
        number: { minimum: 0 },
        expected: 'MEASURE=NUMBER, such as psi=0.2',
      },
      placeholder: 'MEASURE=VALUE',
      repeatable: true,
      description: 'Exit 5 if psi, prediction_psi, ks, missing or unseen is over VALUE in a column',
    },
    output: {
      type: 'string',
      placeholder: 'DIR',
      description: 'Write report.html, a plot for each column and drift.json to this folder',
    },
    threads: {
      type: 'integer',
      placeholder: 'N',
      minimum: 1,
      maximum: 256,
      description: 'Threads inside an operation of the network',
      defaultText: '1',
      advanced: true,
    },
    ...TRUST_OPTIONS,
  },
  async run([model], options, context): Promise<MonitorResult> {
    const { monitor } = await import('../steps/monitor/monitor.js');
    return monitor(
      {
        model,
        trust: trustOf(options, context),
        data: options.data,
        stdin: context.stdin,
        log: options.log,
        since: options.since,
        failOver: options.failOver,
        output: options.output,
        threads: options.threads,
      },
      context,
    );
  },
  render(result, style) {
    const { model, current, reference, thresholds } = result;
    const name = model.version === null ? model.name : `${model.name}/${model.version}`;
    const rowsOf = (columns: MonitorResult['inputs']): (string | number | null)[][] =>
      columns.map(({ name: column, level, judged, psi, test, missing, unseen, outOfRange }) => {
        return [
          column,
          judged ? coloured(level, style) : style.dim('not judged'),
          psi === null ? null : Number(psi.toFixed(3)),
          test === null
            ? null
            : `${test.name === 'chi-square' ? 'χ²' : 'KS'} ${formatNumber(test.statistic)}`,
          test === null ? null : formatNumber(test.pValue),
          `${percent(missing.reference)} → ${percent(missing.current)}`,
          percent(unseen ?? outOfRange),
        ];
      });
    const headings = ['drift', 'PSI', 'test', 'p', 'missing', 'new'];
    return [
      `${style.bold(name)}: ${formatNumber(current.rows)} rows of ${current.location} against ${formatNumber(reference.rows)} training rows`,
      style.table(['input', ...headings], rowsOf(result.inputs)),
      style.table(['output', ...headings], rowsOf(result.predictions)),
      ...thresholds.map(({ measure, limit, value, met, columns }) => {
        const outcome = met ? style.green('met') : style.red(`not met: ${columns.join(', ')}`);
        return `${measure} ≤ ${limit}: ${outcome} (largest ${value === null ? 'undefined' : formatNumber(value)})`;
      }),
      ...(result.output === null ? [] : [`Written: ${result.output}/report.html`]),
      result.inputs.some(({ level, judged }) => judged && level === 'major')
        ? `Next: ${style.bold('aimaas run NEW.csv --target COLUMN')} trains on newer rows`
        : result.output === null
          ? `Next: ${style.bold('aimaas monitor … --output DIR')} for plots`
          : `Next: ${style.bold('aimaas serve --log-predictions DIR')} to watch a service`,
    ].join('\n\n');
  },
  /** The largest index of any judged input. */
  quiet({ inputs }) {
    const values = inputs.flatMap(({ psi, judged }) => (psi === null || !judged ? [] : [psi]));
    return values.length === 0 ? 'nan' : String(Math.max(...values));
  },
  verdict({ thresholds }) {
    const failed = thresholds.filter(({ met }) => !met);
    if (failed.length === 0) return undefined;
    const reasons = failed.map(
      ({ measure, limit, columns }) => `${measure} is over ${limit} in ${columns.join(', ')}`,
    );
    return { exitCode: EXIT.threshold, message: `Threshold not met: ${reasons.join('; ')}.` };
  },
});
