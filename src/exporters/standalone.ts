import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AimaasError } from '../core/errors.js';

/** Where the build puts the server as one file; the same from src and from dist. */
const FOLDER = fileURLToPath(new URL('../../dist/standalone', import.meta.url));

/** The server in one file, and what `npm ci` needs to install its runtime beside it. */
export const STANDALONE_FILES = ['server.cjs', 'package.json', 'package-lock.json'] as const;

/**
 * The folder of the standalone server.
 * @throws AimaasError UNSUPPORTED in a checkout that was not built.
 */
export async function standaloneFolder(): Promise<string> {
  try {
    for (const file of [...STANDALONE_FILES, 'launcher.cjs']) await access(join(FOLDER, file));
  } catch (cause) {
    throw new AimaasError('UNSUPPORTED', `The server that goes into deployments was not built: ${FOLDER}`, {
      hint: 'npm run build',
      cause,
    });
  }
  return FOLDER;
}
