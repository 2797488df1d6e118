import { defineCommand, type Style } from '../cli/command.js';
import { formatDuration, formatNumber } from '../cli/format.js';
import type { Json, JsonObject } from '../core/json.js';
import { FAMILY_NAMES } from '../core/training-names.js';
import type { LeaderboardRow, OptimizeResult } from '../steps/optimize/optimize.js';
import { ENGINE_OPTIONS, FEATURES_OPTION } from './training-options.js';
import { FAMILY_OR_FILE, METRIC } from './text-forms.js';

/** Rows of the leaderboard that are shown; --json has all. */
const SHOWN_ROWS = 10;

/** Space for the values the search chose, where the terminal is not wider. */
const PARAMETERS_WIDTH = 48;

export default defineCommand({
  name: 'optimize',
  summary: 'Search for better settings by training many models, and keep the best',
  description:
    'Tries the defaults of each model family, then random settings, then such as looked promising (TPE), in parallel ' +
    'processes. Weak trials are stopped early (ASHA). Every trial is kept as a run. Models are compared on validation ' +
    'rows only: the test split stays untouched, so that evaluate still gives an honest figure for the one chosen. ' +
    'The same command goes on with a search that was interrupted; more --trials or --time continue a finished one. ' +
    'With --jobs 1 and no time limit the same seed gives the same search.',
  examples: [
    { command: 'aimaas optimize', does: 'twenty trials over all model families' },
    { command: 'aimaas optimize --time 10m', does: 'as many trials as ten minutes allow' },
    {
      command: 'aimaas optimize --metric roc_auc --models mlp --trials 50',
      does: 'one family, another metric',
    },
    {
      command: "aimaas optimize --space 'learning-rate=0.001..0.1' --space 'units=64,64|128,128'",
      does: 'search where you say',
    },
    { command: 'aimaas optimize --resume', does: 'go on with the search that was interrupted' },
  ],
  arguments: [],
  options: {
    ...FEATURES_OPTION,
    trials: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      placeholder: 'N',
      description: 'Most trials in all',
      defaultText: '20; with --time no limit',
    },
    time: {
      type: 'duration',
      minimum: 1,
      placeholder: 'TIME',
      description: 'Time to search in all, such as 10m; what runs then is cut off',
      defaultText: 'no limit',
    },
    jobs: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      placeholder: 'N',
      description: 'Trials at a time',
      defaultText: 'one a core, as memory allows',
    },
    metric: {
      type: 'string',
      form: METRIC,
      placeholder: 'NAME',
      description: 'What to make as good as can be, on validation rows',
      defaultText: 'log_loss; for numbers rmse',
    },
    models: {
      type: 'string',
      form: FAMILY_OR_FILE,
      repeatable: true,
      placeholder: 'FAMILY|FILE',
      description: `Model families (${FAMILY_NAMES.join(', ')}) and model files to search`,
      defaultText: 'all families',
    },
    space: {
      type: 'string',
      form: {
        name: {},
        pattern: '.+',
        expected: 'NAME=VALUES, where VALUES is low..high, a|b|c, or one value',
      },
      repeatable: true,
      placeholder: 'NAME=VALUES',
      description: 'Where to search a setting: low..high, a|b|c, or one value for all trials',
      defaultText: "around the family's own",
    },
    ...ENGINE_OPTIONS,
    seed: {
      type: 'integer',
      minimum: 0,
      placeholder: 'N',
      description: 'Seed of the choice of trials',
      defaultText: "the feature set's",
    },
    resume: {
      type: 'string',
      placeholder: 'SEARCH',
      bareValue: 'latest',
      description: 'Go on with a search by its id, with its own options',
      commandLineOnly: true,
    },
    force: {
      type: 'boolean',
      description: 'Begin anew even if the same search was made before',
      commandLineOnly: true,
    },
  },
  async run(_args, options, context): Promise<OptimizeResult> {
    const { optimize } = await import('../steps/optimize/optimize.js');
    // Several in one option, as lists of names are written elsewhere: --models linear,mlp
    const models = options.models?.flatMap((text) => text.split(','));
    return optimize({ ...options, models }, context);
  },
  render: (result, style) =>
    [headline(result, style), '', table(result, style), '', ...verdict(result, style)].join('\n'),
  quiet: (result) => result.current ?? '',
});

function headline(result: OptimizeResult, style: Style): string {
  const { complete, stopped, interrupted, failed, total } = result.trials;
  const parts = [
    `${complete} complete`,
    ...(stopped === 0 ? [] : [`${stopped} stopped early`]),
    ...(interrupted === 0 ? [] : [`${interrupted} cut off`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const what = result.upToDate ? 'is up to date' : `of ${result.dataName}`;
  const why = { trials: '', time: ', the time is up', space: ', nothing else to try', interrupted: '' }[
    result.end
  ];
  return `${style.green('✔')} Search ${style.bold(result.search)} ${what}: ${total} trial${total === 1 ? '' : 's'} (${parts.join(', ')}) in ${formatDuration(result.seconds)}${why}`;
}

function table(result: OptimizeResult, style: Style): string {
  const { leaderboard, metric, headlineMetric } = result;
  const top = leaderboard.slice(0, SHOWN_ROWS);
  const shown = [...top, ...leaderboard.slice(SHOWN_ROWS).filter(({ role }) => role !== 'trial')];
  const both = metric !== headlineMetric;
  const headings = [
    'trial',
    'run',
    metric,
    ...(both ? [headlineMetric] : []),
    'model',
    'epochs',
    'state',
    'settings',
  ];
  const width = Math.max(PARAMETERS_WIDTH, style.width - 80);
  const rows = shown.map((row) => [
    row.trial === null ? '–' : String(row.trial),
    row.role === 'current' ? `${row.run ?? ''} *` : row.run,
    row.value,
    ...(both ? [row.headline] : []),
    row.role === 'baseline' ? 'trivial baseline' : row.family,
    row.trial === null ? null : `${row.epochs ?? 0}/${row.plannedEpochs ?? 0}`,
    stateOf(row),
    row.origin === 'default' ? 'defaults' : shorten(settingsText(row.params), width),
  ]);
  const more = leaderboard.length - shown.length;
  const notes = [
    `* the current model when the search began.`,
    ...(more > 0 ? [`${more} more trials with --json.`] : []),
    'Values of trials that did not run to their end are of their best weights so far.',
  ];
  return `${style.table(headings, rows)}\n${style.dim(notes.join(' '))}`;
}

function stateOf({ state, role }: LeaderboardRow): string | null {
  if (state === null) return role === 'current' ? 'current model' : null;
  return {
    running: 'cut off',
    complete: 'complete',
    stopped: 'stopped early',
    interrupted: 'cut off',
    failed: 'failed',
  }[state];
}

function verdict(result: OptimizeResult, style: Style): string[] {
  const { best, previous, metric, improved, improvement, current } = result;
  if (best === null) {
    const hint = `aimaas optimize --resume ${result.search} --time ${Math.ceil((result.seconds * 3) / 60)}m`;
    return [`No trial ran to its end, so the current run stays as it is.`, '', style.dim(`Next: ${hint}`)];
  }
  const value = formatNumber(best.value);
  const words =
    previous === null
      ? [`Best: run ${style.bold(best.run)}, ${metric} ${value}. It is the current run now.`]
      : improved
        ? [
            `Better than run ${previous.run}: ${metric} ${formatNumber(previous.value)} → ${style.bold(value)} (by ${formatNumber(improvement ?? 0)}). Run ${style.bold(best.run)} is ${current === best.run ? 'the current run now' : 'the best of the search'}.`,
          ]
        : [
            `No trial is better than run ${style.bold(previous.run)} (${metric} ${formatNumber(previous.value)}).`,
          ];
  return [
    ...words,
    `Chosen among ${result.trials.total} by their validation rows, so this figure flatters the winner a little; the test split was not touched.`,
    '',
    style.dim('Next: aimaas evaluate'),
  ];
}

function settingsText(params: JsonObject): string {
  return Object.entries(params)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(', ');
}

function valueText(value: Json): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(3)));
  if (Array.isArray(value)) return value.join('-');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
