import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContent } from '../../core/artifacts.js';
import type { JsonObject } from '../../core/json.js';
import { makeFolder } from '../../core/make-folder.js';
import type { StepContext } from '../../core/step.js';
import { encodingLabel } from '../../sources/text/encoding.js';
import { namedFormat } from '../../sources/format.js';
import { writeJsonAtomic } from '../../workspace/atomic.js';
import { idOf } from '../../workspace/hash.js';
import { exists, Workspace } from '../../workspace/workspace.js';
import { type Input, makeCache, nameOf, openInputs } from './inputs.js';
import { type CollectOptions, type CollectSettings, settingsOf } from './options.js';
import { type CollectResult, resultOf } from './result.js';

export type { CollectOptions } from './options.js';
export type { CollectResult } from './result.js';

/** Part of every id: raised when the same files and options come to mean something else. */
const STEP_VERSION = 2;

/**
 * Reads sources into a data set of the workspace: rows as Parquet with a typed schema, a profile, and where they came
 * from. The same content and options give the same data set, which is then found instead of made.
 * @throws AimaasError USAGE; SOURCE_NOT_FOUND, SOURCE_FORMAT; BAD_ROW; COLUMN_NOT_FOUND; TOO_FEW_ROWS; STORAGE.
 */
export async function collect(options: CollectOptions, context: StepContext): Promise<CollectResult> {
  const settings = settingsOf(options);
  const workspace = new Workspace(context.workspace);
  const cache = await makeCache(workspace);
  const scratch = join(cache, `collect-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    const inputs = await openInputs(options, context, cache, scratch);
    const name = options.name ?? nameOf(inputs.map(({ location }) => location));
    const key = keyOf(inputs, name, options, settings);
    const id = idOf(key);
    const known = options.force === true ? undefined : await workspace.read<DataContent>('data', id);
    if (known !== undefined && (await exists(join(workspace.folder('data', id), 'data.parquet')))) {
      await workspace.setCurrent('data', id);
      return await resultOf(workspace, known, true);
    }
    const manifest = await workspace.publish<DataContent>({
      kind: 'data',
      id,
      key,
      reporter: context.reporter,
      signal: context.signal,
      write: (dir) => write(inputs, name, options, settings, { dir, scratch, context }),
    });
    return await resultOf(workspace, manifest, false);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function keyOf(
  inputs: readonly Input[],
  name: string,
  options: CollectOptions,
  settings: CollectSettings,
): JsonObject {
  return {
    step: 'collect',
    version: STEP_VERSION,
    // Where a file lies does not matter, but its extension may say how it is read.
    sources: inputs.map(({ location, print }) => ({
      sha256: print.sha256,
      named: namedFormat(location) ?? null,
    })),
    name,
    target: options.target ?? null,
    only: options.only ?? [],
    drop: options.drop ?? [],
    kinds: Object.fromEntries(settings.kinds),
    missing: settings.missing,
    sample: settings.sample,
    seed: settings.sample === null ? null : settings.seed,
    skipBadRows: settings.skipBadRows,
    delimiter: options.delimiter ?? null,
    encoding: options.encoding === undefined ? null : encodingLabel(options.encoding),
    ...(settings.decimal === undefined ? {} : { decimal: settings.decimal }),
  };
}

async function write(
  inputs: readonly Input[],
  name: string,
  options: CollectOptions,
  settings: CollectSettings,
  place: { dir: string; scratch: string; context: StepContext },
): Promise<DataContent> {
  // What reads files is heavy (DuckDB), and not needed to see that there is nothing to do.
  const [{ inspect }, { ingest }, { chooseColumns }] = await Promise.all([
    import('../../sources/inspect.js'),
    import('../../sources/ingest/ingest.js'),
    import('../../sources/choose.js'),
  ]);
  const { reporter, signal } = place.context;
  const files = [];
  for (const input of inputs) {
    const { plain, plainNumbers } = input.print;
    files.push({ source: await inspect(input, options), plain, plainNumbers });
  }
  const target = options.target ?? null;
  const choice = {
    target,
    only: options.only ?? [],
    drop: options.drop ?? [],
    typed: [...settings.kinds.keys()],
  };
  await makeFolder(place.scratch);
  const ingested = await ingest(
    files,
    { ...settings, target, choose: (names, location) => chooseColumns(names, location, choice) },
    { dir: place.dir, scratch: place.scratch, reporter, signal },
  );
  await writeJsonAtomic(join(place.dir, 'profile.json'), ingested.profile);
  return {
    name,
    rows: ingested.rows,
    rejectedRows: ingested.rejectedRows,
    schema: ingested.schema,
    sources: files.map(({ source }, i) => ({
      location: source.location,
      format: source.gzip ? `${source.format}.gz` : source.format,
      bytes: inputs[i]?.print.bytes ?? 0,
      sha256: inputs[i]?.print.sha256 ?? '',
    })),
    warnings: ingested.warnings,
  };
}
