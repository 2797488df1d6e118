import { defineCommand } from '../cli/command.js';
import { formatBytes } from '../cli/format.js';
import type { ShowModelResult } from '../steps/models.js';

/** Categories named in the table of inputs. */
const SHOWN_CATEGORIES = 4;

export default defineCommand({
  name: 'models show',
  summary: 'Show one version of a model: inputs, outputs, metrics, what it was made of',
  examples: [
    { command: 'aimaas models show', does: 'the newest model' },
    { command: 'aimaas models show penguins@champion', does: 'the version that an alias points at' },
    { command: 'aimaas models show penguins/3 --json', does: 'the whole manifest of version 3' },
  ],
  arguments: [{ name: 'MODEL', description: 'NAME, NAME@ALIAS or NAME/VERSION; default: the newest' }],
  options: {},
  async run(args, _, context): Promise<ShowModelResult> {
    const { showModel } = await import('../steps/models.js');
    return showModel({ model: args[0] }, context);
  },
  render({ manifest, folder, aliases, latest }, style) {
    const { name, version, lineage, task, model, metrics, signature, schema, formats } = manifest;
    const facts: readonly (readonly [string, string])[] = [
      ['model', `${name}/${version}  ${style.dim(manifest.createdAt)}`],
      ['aliases', [...aliases, ...(latest ? ['latest'] : [])].join(', ') || 'none'],
      ['predicts', `${task}${manifest.classes.length === 0 ? '' : `: ${manifest.classes.join(', ')}`}`],
      ['family', model.family],
      [
        'made of',
        `run ${lineage.run}, features ${lineage.features}, data ${lineage.data} (${lineage.dataName})`,
      ],
      ...lineage.sources.map(
        ({ location, bytes, sha256 }) =>
          ['source', `${location} (${formatBytes(bytes)}, sha256 ${sha256.slice(0, 12)}…)`] as const,
      ),
      ['files', folder],
    ];
    const width = Math.max(...facts.map(([fact]) => fact.length));
    const inputs = signature.inputs.map((input) => [
      input.name,
      input.kind,
      schema.columns.find((column) => column.name === input.name)?.dataType ?? input.dtype,
      categoriesOf(input.categories),
    ]);
    const values = Object.keys({ ...metrics.validation, ...metrics.test }).map((metric) => [
      metric,
      metrics.test?.[metric] ?? null,
      metrics.validation[metric] ?? null,
      metrics.baseline[metric] ?? null,
    ]);
    const checks = Object.entries(formats).map(([format, { files, parity }]) => [
      format,
      files.join(', '),
      parity.maximumDifference.toExponential(1),
      parity.tolerance.toExponential(0),
    ]);
    return [
      facts.map(([fact, value]) => `${style.bold(fact.padEnd(width))}  ${value}`).join('\n'),
      style.table(['input', 'kind', 'type', 'categories'], inputs),
      style.table(['metric', 'test', 'validation', 'baseline'], values),
      style.table(['format', 'files', 'difference', 'tolerance'], checks),
      `Next: ${style.bold(`aimaas serve ${name}`)} or ${style.bold(`aimaas models alias ${name} ${version} champion`)}`,
    ].join('\n\n');
  },
  quiet: ({ folder }) => folder,
});

function categoriesOf(categories: readonly string[] | null): string {
  if (categories === null) return '';
  const shown = categories.slice(0, SHOWN_CATEGORIES).join(', ');
  const more = categories.length - SHOWN_CATEGORIES;
  return more > 0 ? `${shown} and ${more} more` : shown;
}
