import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { getAsset } from 'node:sea';
import { gunzipSync } from 'node:zlib';

/**
 * What an executable of `aimaas export --format executable` runs first: native libraries can only be loaded from files, so
 * the server, its runtime and the bundle are unpacked once into a folder of the user, and checked by their hashes at
 * every start.
 */
interface Index {
  /** Hash of all that is packed. */
  readonly id: string;
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function isWhole(folder: string, { files }: Index): boolean {
  try {
    // A folder that others could write to could be changed after it was checked.
    const { uid, mode } = statSync(folder);
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return false;
    return files.every(({ path, sha256: wanted }) => sha256(readFileSync(join(folder, path))) === wanted);
  } catch {
    return false;
  }
}

function unpack(folder: string, { files }: Index): void {
  const content = gunzipSync(Buffer.from(getAsset('archive')));
  const temporary = `${folder}.${process.pid}`;
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  chmodSync(temporary, 0o700);
  let from = 0;
  for (const { path, bytes } of files) {
    mkdirSync(dirname(join(temporary, path)), { recursive: true });
    writeFileSync(join(temporary, path), content.subarray(from, from + bytes));
    from += bytes;
  }
  rmSync(folder, { recursive: true, force: true });
  try {
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process that started at the same time was first.
    if (!isWhole(folder, index)) throw error;
  }
}

/** The first folder that can be written to. */
function unpacked(): string {
  const { AIMAAS_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const user = process.getuid?.() ?? 'user';
  const roots = [
    AIMAAS_CACHE,
    XDG_CACHE_HOME,
    LOCALAPPDATA,
    join(homedir(), '.cache'),
    join(tmpdir(), `aimaas-${user}`),
  ];
  let failure: unknown;
  for (const root of roots) {
    if (root === undefined || root === '') continue;
    const folder = join(root, 'aimaas', index.id);
    if (isWhole(folder, index)) return folder;
    try {
      unpack(folder, index);
      return folder;
    } catch (error) {
      failure = error;
      // A folder that was named is used or it is an error.
      if (root === AIMAAS_CACHE) break;
    }
  }
  const { message } = failure as Error;
  process.stderr.write(
    `error: The server cannot be unpacked: ${message}\n  hint: name a folder that can be written to, with 150 MB free: AIMAAS_CACHE=DIR\n`,
  );
  process.exit(4);
}

const index = JSON.parse(getAsset('index', 'utf8')) as Index;
createRequire(join(unpacked(), 'server.cjs'))('./server.cjs');
