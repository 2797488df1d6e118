import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AimaasError, throwIfAborted } from '../../core/errors.js';
import { makeFolder } from '../../core/make-folder.js';
import type { Reporter } from '../../core/reporter.js';
import { VERSION } from '../../core/version.js';
import type { LocalFile } from '../inspect.js';

export type DownloadOptions = {
  /** Folder that keeps whole and half-done downloads. */
  readonly cache: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds before the first new attempt; doubles with each. */
  readonly retryDelay?: number;
};

/** What is kept of a download beside it. */
type Meta = {
  readonly etag: string | null;
  readonly modified: string | null;
  readonly sha256: string | null;
};

const ATTEMPTS = 5;
/** Milliseconds without a byte after which a connection is given up. */
const STALL = 60_000;
/** Query parameters whose values are secrets. */
const SECRET = /token|key|secret|signature|sig|password|passwd|credential|auth/i;

export function isUrl(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/** A URL as it may be shown and kept: without user, password, and values that are secrets. */
export function withoutCredentials(location: string): string {
  const url = new URL(location);
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const name of new Set(url.searchParams.keys()))
    if (SECRET.test(name)) url.searchParams.set(name, '***');
  return url.href;
}

/** The checksum that a URL asks for: https://host/file.csv#sha256=… */
function wantedHash(url: URL): string | undefined {
  return /^#sha256=([0-9a-f]{64})$/i.exec(url.hash)?.[1]?.toLowerCase();
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}

async function readMeta(path: string): Promise<Meta | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Meta;
  } catch {
    return undefined;
  }
}

/**
 * Fetches a file into the cache. A download that broke off goes on where it stopped if the server still has the same
 * file; a whole one is only asked for anew if it has changed. Its sha256 is checked against what was stored and, where
 * the URL ends in #sha256=…, against that.
 * @throws AimaasError SOURCE_NOT_FOUND, or SOURCE_FORMAT for a wrong checksum.
 */
export async function download(location: string, options: DownloadOptions): Promise<LocalFile> {
  let url: URL;
  try {
    url = new URL(location);
  } catch (error) {
    throw new AimaasError('SOURCE_NOT_FOUND', `Not a URL: ${location}`, { cause: error });
  }
  const shown = withoutCredentials(location);
  const key = createHash('sha256').update(shown).digest('hex').slice(0, 16);
  const folder = join(options.cache, 'downloads', key);
  await makeFolder(folder);
  // The name is kept, since its extension says what the file is.
  const path = join(folder, basename(url.pathname).replace(/[^\w.-]/g, '_') || 'index');
  const transfer = new Transfer(url, shown, path, options);
  await transfer.run();
  await checkHash(path, shown, wantedHash(url));
  return { location: shown, path };
}

async function checkHash(path: string, shown: string, wanted: string | undefined): Promise<void> {
  if (wanted === undefined) return;
  const found = await hashOf(path);
  if (found === wanted) return;
  await rm(path, { force: true });
  throw new AimaasError('SOURCE_FORMAT', `${shown} has sha256 ${found}; the URL asks for ${wanted}.`, {
    hint: 'The file has changed or was damaged on its way. Check the checksum and try again.',
  });
}

class Transfer {
  private readonly url: URL;
  private readonly shown: string;
  private readonly path: string;
  private readonly part: string;
  private readonly options: DownloadOptions;
  private readonly authorization: string | undefined;

  constructor(url: URL, shown: string, path: string, options: DownloadOptions) {
    this.url = new URL(url);
    if (url.username !== '' || url.password !== '') {
      const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      this.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    // fetch refuses URLs with credentials in them.
    this.url.username = '';
    this.url.password = '';
    this.url.hash = '';
    this.shown = shown;
    this.path = path;
    this.part = `${path}.part`;
    this.options = options;
  }

  async run(): Promise<void> {
    const { reporter, signal, retryDelay = 500 } = this.options;
    const progress = reporter.progress({ title: `Fetching ${this.shown}`, unit: 'bytes' });
    for (let attempt = 1; ; attempt++) {
      throwIfAborted(signal);
      try {
        await this.attempt((bytes) => progress.update(bytes));
        progress.done();
        return;
      } catch (error) {
        throwIfAborted(signal);
        const final = error instanceof AimaasError;
        if (final || attempt === ATTEMPTS) {
          progress.fail();
          if (final) throw error;
          if (await this.hasWhole()) {
            reporter.warn(`${this.shown} cannot be reached; using the copy fetched before.`);
            return;
          }
          throw this.unreachable(error);
        }
        reporter.debug(`${this.shown}: ${reasonOf(error)}; trying again`);
        await sleep(retryDelay * 2 ** (attempt - 1), undefined, signal === undefined ? {} : { signal }).catch(
          () => undefined,
        );
      }
    }
  }

  /** A whole copy that is as it was when it was stored. */
  private async hasWhole(): Promise<boolean> {
    const meta = await readMeta(`${this.path}.json`);
    if (meta?.sha256 === undefined || meta.sha256 === null) return false;
    return (await hashOf(this.path).catch(() => '')) === meta.sha256;
  }

  private async headers(): Promise<{ headers: Record<string, string>; offset: number; whole: boolean }> {
    const headers: Record<string, string> = {
      'user-agent': `aimaas/${VERSION}`,
      // A compressed answer could not be resumed by byte.
      'accept-encoding': 'identity',
    };
    if (this.authorization !== undefined) headers['authorization'] = this.authorization;
    if (await this.hasWhole()) {
      const meta = await readMeta(`${this.path}.json`);
      if (meta?.etag) headers['if-none-match'] = meta.etag;
      else if (meta?.modified) headers['if-modified-since'] = meta.modified;
      return { headers, offset: 0, whole: true };
    }
    const offset = await stat(this.part).then(
      (info) => info.size,
      () => 0,
    );
    const meta = await readMeta(`${this.part}.json`);
    // A weak tag does not promise the same bytes.
    const validator = meta?.etag?.startsWith('W/') === false ? meta.etag : meta?.modified;
    if (offset === 0 || validator === undefined || validator === null)
      return { headers, offset: 0, whole: false };
    headers['range'] = `bytes=${offset}-`;
    headers['if-range'] = validator;
    return { headers, offset, whole: false };
  }

  private async attempt(onBytes: (bytes: number) => void): Promise<void> {
    const { headers, offset, whole } = await this.headers();
    const stall = new AbortController();
    const signal =
      this.options.signal === undefined ? stall.signal : AbortSignal.any([this.options.signal, stall.signal]);
    let timer = setTimeout(() => stall.abort(), STALL);
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), STALL);
    };
    try {
      const response = await fetch(this.url, { headers, signal, redirect: 'follow' });
      if (response.status === 304 && whole) return;
      if (response.status === 416) {
        // What is there is not a part of what the server has now.
        await rm(this.part, { force: true });
        throw new Error('the part fetched before does not fit any more');
      }
      if (!response.ok || response.body === null) throw this.refused(response.status, response.statusText);
      await this.receive(response, response.status === 206 ? offset : 0, alive, onBytes);
    } finally {
      clearTimeout(timer);
    }
  }

  private async receive(
    response: Response,
    offset: number,
    alive: () => void,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    const { headers } = response;
    const meta = { etag: headers.get('etag'), modified: headers.get('last-modified') };
    await writeFile(`${this.part}.json`, JSON.stringify({ ...meta, sha256: null } satisfies Meta));
    const file = await open(this.part, offset > 0 ? 'a' : 'w');
    let bytes = offset;
    try {
      for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
        alive();
        await file.write(piece);
        bytes += piece.length;
        onBytes(bytes);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    const length = headers.get('content-length');
    if (length !== null && bytes - offset !== Number(length) && headers.get('content-encoding') === null) {
      throw new Error(`the connection ended after ${bytes - offset} of ${length} bytes`);
    }
    const sha256 = await hashOf(this.part);
    await rename(this.part, this.path);
    await rm(`${this.part}.json`, { force: true });
    await writeFile(`${this.path}.json`, JSON.stringify({ ...meta, sha256 } satisfies Meta));
  }

  /** 5xx and 429 may pass: an Error, tried again. Other refusals are final. */
  private refused(status: number, text: string): Error {
    const said = `The server answered ${status}${text === '' ? '' : ` ${text}`} for ${this.shown}.`;
    if (status >= 500 || status === 429 || status === 408) return new Error(said);
    const hint =
      status === 401 || status === 403
        ? 'Put the user and password in the URL: https://user:password@host/path (they are not kept).'
        : 'Open the URL in a browser to check it.';
    return new AimaasError('SOURCE_NOT_FOUND', said, { hint, details: { url: this.shown, status } });
  }

  private unreachable(error: unknown): AimaasError {
    return new AimaasError(
      'SOURCE_NOT_FOUND',
      `Cannot fetch ${this.shown} after ${ATTEMPTS} attempts: ${reasonOf(error)}.`,
      {
        hint: 'Check the network; run the same command again to go on where it stopped.',
        details: { url: this.shown },
        cause: error,
      },
    );
  }
}

/** fetch hides the reason (ECONNREFUSED, ENOTFOUND) in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const reason = cause?.code ?? cause?.message ?? (error as Error).message;
  return reason.replace(/\.$/, '');
}
