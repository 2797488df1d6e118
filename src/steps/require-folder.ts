import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AimaasError } from '../core/errors.js';

/**
 * Checks before the work that a folder can be made where one is asked for.
 * @param option the option that asks, for the message.
 * @throws AimaasError USAGE where the path, or one above it, is a file.
 */
export async function requireFolder(option: string, name: string | undefined): Promise<void> {
  if (name === undefined) return;
  for (let path = resolve(name); ; path = dirname(path)) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory() === true || path === dirname(path)) return;
    if (found === undefined) continue;
    const what =
      path === resolve(name) ? `${option} ${name} is a file` : `${option} ${name} is below ${path}, a file`;
    throw new AimaasError('USAGE', `${what}; expected a folder.`, {
      hint: `Name a new folder with ${option}.`,
      details: { option, value: name, file: path },
    });
  }
}
