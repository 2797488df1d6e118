import type { RunContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import { type Json, stableStringify } from '../../core/json.js';
import type { Manifest } from '../../workspace/manifest.js';
import { findFamily } from './model-source.js';
import type { TrainOptions, TrainSettings } from './options.js';

/** Options that a resumed run may be given: they change nothing about its weights. */
const FREE = new Set(['resume', 'threads', 'search', 'params', 'model', 'features', 'from', 'force']);

/**
 * A run goes on as it was begun, so options given besides --resume must be those it has.
 * @throws AimaasError USAGE naming the first that is another.
 */
export async function requireSameOptions(
  { id, content }: Manifest<RunContent>,
  options: TrainOptions,
): Promise<void> {
  if (options.force === true) {
    throw new AimaasError(
      'USAGE',
      '--resume goes on with a run, --force trains it again from its beginning.',
      {
        hint: `aimaas train --resume ${id}, or the command that began it with --force`,
      },
    );
  }
  const settings = content.options as TrainSettings;
  const has: Readonly<Record<string, Json | undefined>> = {
    ...content.options,
    engine: content.engine['name'],
    device: content.engine['device'],
  };
  const { family } = await findFamily(options.model);
  const pairs: (readonly [string, Json | undefined, Json | undefined])[] = [
    [
      'model',
      options.model === undefined || options.model === 'auto' ? undefined : family.name,
      settings.family,
    ],
    ['features', startsWith(content.features, options.features), content.features],
    ['from', startsWith(content.from ?? '', options.from), content.from],
    ...Object.entries(options.params ?? {}).map(
      ([name, value]) => [PARAMETER_FLAGS[name] ?? name, value, settings.params[name]] as const,
    ),
    ...Object.entries(options)
      .filter(([name]) => !FREE.has(name))
      .map(([name, value]) => [name, value as Json | undefined, has[name]] as const),
  ];
  for (const [name, asked, was] of pairs) {
    if (asked === undefined || asked === 'auto' || same(asked, was)) continue;
    const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new AimaasError(
      'USAGE',
      `A run is resumed as it was begun: ${flag} is ${show(asked)}, but run ${id} has ${show(was ?? null)}.`,
      {
        hint: `aimaas train --resume ${id}, or without --resume for another run; --from RUN starts from its weights`,
      },
    );
  }
}

/** The option of the command line that sets a parameter of a family. */
const PARAMETER_FLAGS: Readonly<Record<string, string>> = { units: 'layers' };

/** An id for a beginning of it. */
function startsWith(id: string, beginning: string | undefined): string | undefined {
  return beginning !== undefined && id !== '' && id.startsWith(beginning) ? id : beginning;
}

function same(asked: Json, was: Json | undefined): boolean {
  return stableStringify(asked) === stableStringify(was ?? null);
}

function show(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
