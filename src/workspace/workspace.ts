import { access, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { makeFolder } from '../core/make-folder.js';
import type { Reporter } from '../core/reporter.js';
import { VERSION } from '../core/version.js';
import {
  namesIn,
  readError,
  storageError,
  temporaryName,
  writeFileAtomic,
  writeJsonAtomic,
} from './atomic.js';
import { sha256OfFile } from './hash.js';
import { removeLeftovers, replacedName } from './leftovers.js';
import { withLock } from './lock.js';
import { ARTIFACT_FOLDERS, type ArtifactKind, type FileEntry, type Manifest } from './manifest.js';

/** The command that makes an artifact of the kind, for hints. */
const MADE_BY: Record<ArtifactKind, string> = {
  data: 'aimaas collect FILE --target COLUMN',
  features: 'aimaas preprocess',
  run: 'aimaas train',
};

const NOUN: Record<ArtifactKind, string> = { data: 'data set', features: 'feature set', run: 'run' };

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Every file below `dir` except manifest.json, with size and sha256, keyed by slash-separated relative path. */
export async function describeFiles(dir: string): Promise<Record<string, FileEntry>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files: Record<string, FileEntry> = {};
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of paths) {
    const name = relative(dir, path).split(sep).join('/');
    if (name === 'manifest.json') continue;
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  return files;
}

export interface PublishOptions<C extends JsonObject> {
  readonly kind: ArtifactKind;
  readonly id: string;
  readonly key: JsonObject;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Writes the artifact's files into `dir` and returns what the manifest says of them. */
  write(dir: string): Promise<C>;
}

/** Told of an artifact that cannot be used. */
export type OnDamaged = (error: AimaasError) => void;

/** Whether an error says that an artifact is damaged, or of a version that this aimaas does not read. */
export function isDamage(error: unknown): error is AimaasError {
  return (
    error instanceof AimaasError &&
    (error.code === 'ARTIFACT_CORRUPT' || error.code === 'ARTIFACT_INCOMPATIBLE')
  );
}

/** What `read` gives; nothing where it is damaged and somebody is told of it. */
export async function readable<T>(
  read: () => Promise<T | undefined>,
  onDamaged: OnDamaged | undefined,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (onDamaged === undefined || !isDamage(error)) throw error;
    onDamaged(error);
    return undefined;
  }
}

/** Whether an artifact can be used: all can, but runs only once their state says so. */
function isFinished({ kind, content }: Manifest): boolean {
  return kind !== 'run' || content['state'] === 'complete';
}

/** The local folder that holds every artifact and metric of a project. */
export class Workspace {
  readonly root: string;

  constructor(root: string) {
    this.root = resolve(root);
  }

  path(...parts: string[]): string {
    return join(this.root, ...parts);
  }

  folder(kind: ArtifactKind, id: string): string {
    return this.path(ARTIFACT_FOLDERS[kind], id);
  }

  /** Where the lock of an artifact lives: beside the artifacts, so that replacing one does not remove it. */
  lockPath(kind: ArtifactKind, id: string): string {
    return this.path('locks', `${kind}-${id}.lock`);
  }

  /**
   * The manifest of an artifact, or undefined when there is none of that id.
   * @throws AimaasError ARTIFACT_CORRUPT when it cannot be read, ARTIFACT_INCOMPATIBLE when a newer aimaas wrote it.
   */
  async read<C extends JsonObject>(kind: ArtifactKind, id: string): Promise<Manifest<C> | undefined> {
    const path = join(this.folder(kind, id), 'manifest.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw readError(error, path);
    }
    let manifest: Manifest<C>;
    try {
      manifest = JSON.parse(text) as Manifest<C>;
    } catch (error) {
      throw new AimaasError(
        'ARTIFACT_CORRUPT',
        `The manifest of ${NOUN[kind]} ${id} is not valid JSON: ${path}`,
        {
          hint: `Remove ${this.folder(kind, id)} and run: ${MADE_BY[kind]}`,
          cause: error,
        },
      );
    }
    // The file may come from any version, so its type's promise about schemaVersion does not hold here yet.
    const version: number = manifest.schemaVersion;
    if (version !== 1) {
      throw new AimaasError(
        'ARTIFACT_INCOMPATIBLE',
        `The ${NOUN[kind]} ${id} has format version ${version}; this aimaas ${VERSION} reads version 1.`,
        { hint: 'Use a newer aimaas, or make the artifact again with this one.' },
      );
    }
    return manifest;
  }

  /**
   * All artifacts of a kind, newest first.
   * @param onDamaged Told of those that are damaged or of another version, which are left out; without it they are errors.
   */
  async list<C extends JsonObject>(kind: ArtifactKind, onDamaged?: OnDamaged): Promise<Manifest<C>[]> {
    const names = await namesIn(this.path(ARTIFACT_FOLDERS[kind]));
    const found: Manifest<C>[] = [];
    for (const name of names) {
      if (name.startsWith('.')) continue;
      const manifest = await readable(() => this.read<C>(kind, name), onDamaged);
      if (manifest !== undefined) found.push(manifest);
    }
    return found.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id));
  }

  /**
   * The id that later verbs use when none is named: the last one made or found up to date. A run that has begun and did
   * not come to its end is it only where no run did.
   */
  async current(kind: ArtifactKind): Promise<string | undefined> {
    const text = await readFile(this.path('current', kind), 'utf8').catch(() => undefined);
    const id = text?.trim();
    if (id !== undefined && id !== '' && (await this.isFinished(kind, id))) return id;
    const all = await this.list(kind);
    return (all.find(isFinished) ?? all[0])?.id;
  }

  private async isFinished(kind: ArtifactKind, id: string): Promise<boolean> {
    if (!(await exists(join(this.folder(kind, id), 'manifest.json')))) return false;
    // One that is damaged is told of by whoever reads it.
    const manifest = await readable(
      () => this.read(kind, id),
      () => undefined,
    );
    return manifest === undefined || isFinished(manifest);
  }

  async setCurrent(kind: ArtifactKind, id: string): Promise<void> {
    await writeFileAtomic(this.path('current', kind), `${id}\n`);
  }

  /**
   * The artifact with this id or unambiguous id prefix; without one, the current artifact of the kind.
   * @throws AimaasError ARTIFACT_NOT_FOUND with the command that makes one.
   */
  async find<C extends JsonObject>(kind: ArtifactKind, wanted?: string): Promise<Manifest<C>> {
    const id =
      wanted === undefined || wanted === 'latest'
        ? await this.current(kind)
        : await this.byPrefix(kind, wanted);
    const manifest = id === undefined ? undefined : await this.read<C>(kind, id);
    if (manifest !== undefined) return manifest;
    const what = wanted === undefined ? `no ${NOUN[kind]} yet` : `no ${NOUN[kind]} "${wanted}"`;
    throw new AimaasError('ARTIFACT_NOT_FOUND', `The workspace ${this.root} has ${what}.`, {
      hint: kind === 'run' && (await this.current('run')) !== undefined ? 'aimaas runs list' : MADE_BY[kind],
    });
  }

  private async byPrefix(kind: ArtifactKind, prefix: string): Promise<string | undefined> {
    const names = await namesIn(this.path(ARTIFACT_FOLDERS[kind]));
    const matches = names.filter((name) => !name.startsWith('.') && name.startsWith(prefix));
    if (matches.length > 1 && !matches.includes(prefix)) {
      throw new AimaasError(
        'ARTIFACT_NOT_FOUND',
        `"${prefix}" fits more than one ${NOUN[kind]}: ${matches.join(', ')}.`,
        {
          hint: 'Give more characters of the id.',
        },
      );
    }
    return matches.includes(prefix) ? prefix : matches[0];
  }

  /**
   * Writes an artifact whole or not at all: into a temporary folder, hashed, then renamed into place. An artifact that
   * exists under the id is replaced. Makes it the current one.
   */
  async publish<C extends JsonObject>(options: PublishOptions<C>): Promise<Manifest<C>> {
    const { kind, id } = options;
    const target = this.folder(kind, id);
    const lock = { reporter: options.reporter, signal: options.signal, what: `${NOUN[kind]} ${id}` };
    return withLock(this.lockPath(kind, id), lock, async () => {
      await removeLeftovers(dirname(target));
      const temporary = temporaryName(target);
      try {
        await makeFolder(temporary);
        const content = await options.write(temporary);
        const manifest = await this.writeManifest(temporary, kind, id, options.key, content);
        await this.moveIntoPlace(temporary, target);
        await this.setCurrent(kind, id);
        return manifest;
      } catch (error) {
        await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
        throw storageError(error, target);
      }
    });
  }

  /** Hashes the files of `dir` and writes its manifest.json. */
  async writeManifest<C extends JsonObject>(
    dir: string,
    kind: ArtifactKind,
    id: string,
    key: JsonObject,
    content: C,
  ): Promise<Manifest<C>> {
    const manifest: Manifest<C> = {
      schemaVersion: 1,
      kind,
      id,
      createdAt: new Date().toISOString(),
      aimaas: VERSION,
      key,
      content,
      files: await describeFiles(dir),
    };
    await writeJsonAtomic(join(dir, 'manifest.json'), manifest);
    return manifest;
  }

  /** Renames a finished folder over whatever stands at `target`; the old one is removed only after the new is there. */
  async moveIntoPlace(finished: string, target: string): Promise<void> {
    if (!(await exists(target))) return rename(finished, target);
    const old = replacedName(target);
    await rename(target, old);
    await rename(finished, target);
    await rm(old, { recursive: true, force: true });
  }
}
