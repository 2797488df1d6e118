import { randomBytes } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DataContent } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { makeFolder } from '../core/make-folder.js';
import type { StepContext } from '../core/step.js';
import { didYouMean } from '../core/suggest.js';
import { COLUMN_KINDS, type ColumnKind, type Decimal } from '../core/table.js';
import type { TaskKind } from '../core/task-kind.js';
import { encodingLabel } from '../sources/encoding.js';
import { type Fingerprint, Fingerprints } from '../sources/fingerprint.js';
import { namedFormat } from '../sources/format.js';
import { expandLocations } from '../sources/locations.js';
import type { ColumnProfile, Profile } from '../sources/profile.js';
import { isPipe } from '../sources/stream.js';
import { storageError, writeJsonAtomic } from '../workspace/atomic.js';
import { idOf } from '../workspace/hash.js';
import type { Manifest } from '../workspace/manifest.js';
import { exists, Workspace } from '../workspace/workspace.js';

/** Part of every id: raised when the same files and options come to mean something else. */
const STEP_VERSION = 1;

export type CollectOptions = {
  /** Paths, globs, http(s) URLs, or "-" for stdin. */
  readonly sources: readonly string[];
  /** The column to be predicted. */
  readonly target?: string | undefined;
  /** COLUMN=KIND, to overrule what is inferred. */
  readonly type?: readonly string[] | undefined;
  readonly drop?: readonly string[] | undefined;
  readonly only?: readonly string[] | undefined;
  /** Number of rows to keep (from 1 on) or share of them (below 1). */
  readonly sample?: number | undefined;
  readonly seed?: number | undefined;
  readonly name?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly encoding?: string | undefined;
  /** The decimal sign of numbers in CSV; the other one may set thousands apart. */
  readonly decimal?: Decimal | undefined;
  /** Cells that mean "missing" besides the usual ones. */
  readonly missing?: readonly string[] | undefined;
  readonly onBadRow?: 'error' | 'skip' | undefined;
  readonly force?: boolean | undefined;
  /** What "-" reads (default: the process's stdin). */
  readonly stdin?: Readable | undefined;
};

export type CollectedColumn = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly reason: string;
  readonly dataType: string;
  readonly missing: number;
  readonly distinct: number;
};

export type CollectResult = {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly name: string;
  /** Nothing had to be done: the workspace had this data set. */
  readonly upToDate: boolean;
  /** Folder of the data set. */
  readonly path: string;
  readonly rows: number;
  readonly rejectedRows: number;
  /** File with the rejected rows, or null. */
  readonly rejects: string | null;
  readonly duplicateRows: number;
  readonly target: string | null;
  /** What predicting the target is; null without a target. */
  readonly task: TaskKind | null;
  readonly classes: readonly { readonly value: string; readonly rows: number }[] | null;
  readonly columns: readonly CollectedColumn[];
  readonly sources: DataContent['sources'];
  readonly warnings: DataContent['warnings'];
};

type Settings = {
  readonly kinds: ReadonlyMap<string, ColumnKind>;
  readonly sample: number | null;
  readonly seed: number;
  readonly skipBadRows: boolean;
  readonly missing: readonly string[];
  readonly decimal: Decimal | undefined;
};

const UNREAD: Fingerprint = { bytes: 0, sha256: '', plain: false, plainNumbers: false };

type Input = { readonly location: string; readonly path: string; readonly print: Fingerprint };

/**
 * Reads sources into a data set of the workspace: rows as Parquet with a typed schema, a profile, and where they came
 * from. The same content and options give the same data set, which is then found instead of made.
 * @throws AimaasError USAGE; SOURCE_NOT_FOUND, SOURCE_FORMAT; BAD_ROW; COLUMN_NOT_FOUND; TOO_FEW_ROWS; STORAGE.
 */
export async function collect(options: CollectOptions, context: StepContext): Promise<CollectResult> {
  const settings = settingsOf(options);
  const workspace = new Workspace(context.workspace);
  const cache = await makeCache(workspace);
  await removeStale(cache);
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

/** @throws AimaasError STORAGE before anything is read, where the workspace cannot be written. */
async function makeCache(workspace: Workspace): Promise<string> {
  const cache = workspace.path('cache');
  try {
    await makeFolder(cache);
    await access(cache, constants.W_OK);
    return cache;
  } catch (error) {
    throw storageError(error, cache);
  }
}

function settingsOf(options: CollectOptions): Settings {
  if (options.sources.length === 0) {
    throw new AimaasError('USAGE', 'collect needs something to read: files, globs, URLs, or - for stdin.', {
      hint: 'Example: aimaas collect data.csv --target COLUMN',
    });
  }
  if (options.sources.filter((source) => source === '-').length > 1) {
    throw new AimaasError('USAGE', 'stdin (-) can be read once only.');
  }
  if (options.encoding !== undefined) encodingLabel(options.encoding);
  const { sample = null, seed = 0 } = options;
  if (sample !== null && !(sample > 0 && (sample < 1 || Number.isInteger(sample)))) {
    throw new AimaasError('USAGE', `--sample takes a number of rows or a share below 1, not ${sample}.`, {
      hint: 'Examples: --sample 10000, --sample 0.1',
    });
  }
  if (options.name?.trim() === '') throw new AimaasError('USAGE', '--name must not be empty.');
  const kinds = new Map((options.type ?? []).map(parseType));
  const { missing = [], decimal, onBadRow = 'error' } = options;
  return { kinds, sample, seed, skipBadRows: onBadRow === 'skip', missing, decimal };
}

function parseType(text: string): [string, ColumnKind] {
  const cut = text.lastIndexOf('=');
  const kind = text.slice(cut + 1).trim();
  if (cut <= 0) {
    throw new AimaasError('USAGE', `--type takes COLUMN=KIND, not "${text}".`, {
      hint: `Example: --type zip=category. Kinds: ${COLUMN_KINDS.join(', ')}.`,
    });
  }
  const known = COLUMN_KINDS.find((each) => each === kind);
  if (known === undefined) {
    throw new AimaasError(
      'USAGE',
      `Unknown kind "${kind}" in --type ${text}. ${didYouMean(kind, COLUMN_KINDS)}`,
      {
        hint: `Kinds: ${COLUMN_KINDS.join(', ')}.`,
      },
    );
  }
  return [text.slice(0, cut), known];
}

/** Everything to be read as local files with their fingerprints. What stdin and pipes give is kept in `scratch`. */
async function openInputs(
  options: CollectOptions,
  context: StepContext,
  cache: string,
  scratch: string,
): Promise<Input[]> {
  const { reporter, signal } = context;
  const prints = new Fingerprints(cache);
  const inputs: Input[] = [];
  const keep = async (location: string, stream: Readable): Promise<void> => {
    const path = join(scratch, `stream-${inputs.length}`);
    await makeFolder(scratch);
    await pipeline(stream, createWriteStream(path), { signal });
    inputs.push({ location, path, print: await prints.of(path, signal) });
  };
  for (const location of options.sources) {
    if (location === '-') {
      await keep(location, options.stdin ?? process.stdin);
      continue;
    }
    for (const file of await expandLocations([location], { cache, reporter, signal })) {
      if (await isPipe(file.path)) {
        await keep(location, createReadStream(file.path));
        continue;
      }
      const print = await prints.of(file.path, signal).catch((error: unknown) => {
        // Folders and files that may not be read: looking into them says what is wrong.
        if (error instanceof AimaasError) throw error;
        return undefined;
      });
      inputs.push({ ...file, print: print ?? UNREAD });
    }
  }
  return inputs;
}

function keyOf(
  inputs: readonly Input[],
  name: string,
  options: CollectOptions,
  settings: Settings,
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

/** sales.csv.gz → sales; part-1.csv and part-2.csv → part; stdin → stdin. */
function nameOf(locations: readonly string[]): string {
  const stems = locations.map((location) =>
    location === '-' || location.startsWith('/dev/')
      ? 'stdin'
      : basename(location.replace(/[?#].*$/, '')).replace(/(?<=.)\.\w+(?:\.gz)?$/, ''),
  );
  let common = stems[0] ?? '';
  for (const stem of stems) while (!stem.startsWith(common)) common = common.slice(0, -1);
  const name = stems.length > 1 ? common.replace(/[-_.\s\d]+$/, '') : common;
  return name === '' ? 'data' : name;
}

async function write(
  inputs: readonly Input[],
  name: string,
  options: CollectOptions,
  settings: Settings,
  place: { dir: string; scratch: string; context: StepContext },
): Promise<DataContent> {
  // What reads files is heavy (DuckDB), and not needed to see that there is nothing to do.
  const [{ inspect }, { ingest }, { chooseColumns }] = await Promise.all([
    import('../sources/inspect.js'),
    import('../sources/ingest.js'),
    import('../sources/choose.js'),
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

/** The profile of a collected data set. @throws AimaasError ARTIFACT_CORRUPT */
export async function readProfile(workspace: Workspace, id: string): Promise<Profile> {
  const path = join(workspace.folder('data', id), 'profile.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Profile;
  } catch (error) {
    throw new AimaasError('ARTIFACT_CORRUPT', `The profile of data set ${id} cannot be read: ${path}`, {
      hint: 'Collect the data again: aimaas collect FILE --force',
      cause: error,
    });
  }
}

async function resultOf(
  workspace: Workspace,
  manifest: Manifest<DataContent>,
  upToDate: boolean,
): Promise<CollectResult> {
  const { id, content } = manifest;
  const path = workspace.folder('data', id);
  const profile = await readProfile(workspace, id);
  const described = new Map<string, ColumnProfile>(profile.columns.map((column) => [column.name, column]));
  return {
    schemaVersion: 1,
    id,
    name: content.name,
    upToDate,
    path,
    rows: content.rows,
    rejectedRows: content.rejectedRows,
    rejects: content.rejectedRows > 0 ? join(path, 'rejects.csv') : null,
    duplicateRows: profile.duplicateRows,
    target: content.schema.target,
    task: taskOf(content, profile),
    classes: profile.classes,
    columns: content.schema.columns.map(({ name, kind, reason, dataType }) => ({
      name,
      kind,
      reason,
      dataType,
      missing: described.get(name)?.missing ?? 0,
      distinct: described.get(name)?.distinct ?? 0,
    })),
    sources: content.sources,
    warnings: content.warnings,
  };
}

/**
 * What predicting the target is, by its kind: a number is a quantity (regression); every other kind is classes, binary
 * with two of them.
 */
function taskOf(content: DataContent, profile: Profile): TaskKind | null {
  const target = content.schema.columns.find(({ name }) => name === content.schema.target);
  if (target === undefined) return null;
  if (target.kind === 'number' || target.kind === 'date') return 'regression';
  return (profile.classes?.length ?? 0) <= 2 ? 'binary' : 'multiclass';
}

/** Removes what killed processes have left in the cache. */
async function removeStale(cache: string): Promise<void> {
  for (const name of await readdir(cache).catch(() => [] as string[])) {
    const pid = /^collect-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(cache, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
