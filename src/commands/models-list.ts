import { defineCommand } from '../cli/command.js';
import { formatAge, formatBytes } from '../cli/format.js';
import type { ListModelsResult } from '../steps/models.js';

/** Metric columns of the table; more would not fit a terminal. */
const SHOWN_METRICS = 3;

export default defineCommand({
  name: 'models list',
  summary: 'List exported models with their versions, aliases and metrics',
  description:
    'Metrics are those of the test rows where the run had been evaluated before it was exported, else of the validation rows.',
  examples: [
    { command: 'aimaas models', does: 'all versions of all models, newest first' },
    { command: 'aimaas models list penguins -q', does: 'the versions of one model, for a script' },
  ],
  arguments: [{ name: 'NAME', description: 'Only the versions of this model' }],
  options: {},
  async run(args, _, context): Promise<ListModelsResult> {
    const { listModels } = await import('../steps/models.js');
    return listModels({ name: args[0] }, context);
  },
  render({ models }, style) {
    if (models.length === 0) return `No models yet.\n\nNext: ${style.bold('aimaas export')}`;
    const shown = models.map((model) => model.test ?? model.validation);
    const metrics = [...new Set(shown.flatMap((values) => Object.keys(values)))].slice(0, SHOWN_METRICS);
    const rows = models.map((model, i) => [
      `${model.name}/${model.version}`,
      [...model.aliases, ...(model.latest ? ['latest'] : [])].join(', '),
      formatAge(model.createdAt),
      model.family,
      model.formats.join(', '),
      formatBytes(model.bytes),
      model.test === null ? 'validation' : 'test',
      ...metrics.map((metric) => shown[i]?.[metric] ?? null),
    ]);
    const headings = ['model', 'aliases', 'made', 'family', 'formats', 'size', 'rows', ...metrics];
    return style.table(headings, rows);
  },
  quiet: ({ models }) => models.map(({ name, version }) => `${name}/${version}`).join('\n'),
});
