import { access, readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AimaasError } from '../../core/errors.js';
import { type Reporter, silentReporter } from '../../core/reporter.js';
import { nearestName } from '../../core/suggest.js';
import { download, isUrl } from './download.js';
import { glob, isGlob } from './glob.js';
import type { LocalFile } from '../inspect.js';

export type LocationOptions = {
  /** Folder for downloads. */
  readonly cache?: string | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
};

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Paths, globs and http(s) URLs → local files, in the order given (those of a glob sorted). URLs are downloaded.
 * @throws AimaasError SOURCE_NOT_FOUND for a glob that matches nothing, a path that is not there, a failed download.
 */
export async function expandLocations(
  locations: readonly string[],
  options: LocationOptions,
): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const location of locations) {
    if (isUrl(location)) {
      if (options.cache === undefined)
        throw new AimaasError('INTERNAL', 'No folder for downloads was given.');
      const { reporter = silentReporter, signal } = options;
      files.push(await download(location, { cache: options.cache, reporter, signal }));
    } else if (await isThere(location)) {
      files.push({ location, path: location });
    } else if (isGlob(location)) {
      const matches = await glob(location);
      if (matches.length === 0) throw notFound(location, `No file matches ${location}.`, undefined);
      files.push(...matches.map((path) => ({ location: path, path })));
    } else {
      const folder = dirname(location);
      const near = nearestName(basename(location), await readdir(folder).catch(() => []));
      throw notFound(location, `The file ${location} does not exist.`, near);
    }
  }
  return files;
}

function notFound(location: string, message: string, near: string | undefined): AimaasError {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(location)?.[1];
  if (scheme !== undefined) {
    return new AimaasError('SOURCE_NOT_FOUND', `Cannot read from "${scheme}://": ${location}.`, {
      hint: 'Give a file, a glob, an http(s) URL, or - for stdin.',
    });
  }
  const suggestion = near === undefined ? '' : ` Did you mean "${near}"?`;
  return new AimaasError('SOURCE_NOT_FOUND', `${message}${suggestion}`, {
    hint: 'Paths are taken from the current folder; quote a glob so that the shell leaves it alone.',
    details: { location },
  });
}
