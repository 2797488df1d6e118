import { AimaasError } from '../core/errors.js';
import { MODEL_NAME } from '../core/name-patterns.js';

const NAME = new RegExp(`^${MODEL_NAME}$`, 'u');

/** Whether a text could be the name of a model: what a folder below models/ must be called to count as one. */
export function isModelName(text: string): boolean {
  return NAME.test(text);
}

/** The alias that always means the highest version, and can therefore not be set. */
export const LATEST = 'latest';

/**
 * A model name as it is stored (Unicode NFC).
 * @throws AimaasError USAGE when it could not be a folder name and part of a URL.
 */
export function checkModelName(name: string): string {
  const normal = name.normalize('NFC');
  if (!isModelName(normal)) {
    throw new AimaasError(
      'USAGE',
      `"${name}" cannot be the name of a model: expected a letter, digit or "_", then at most 99 letters, digits, ".", "_" or "-".`,
      { hint: `aimaas export --name ${modelNameFrom(name)}` },
    );
  }
  return normal;
}

/** A valid model name made from any text, such as the name of a data set. */
export function modelNameFrom(text: string): string {
  const name = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}\p{M}._-]+/gu, '-')
    .replace(/^[^\p{L}\p{N}_]+|-+$/gu, '')
    .slice(0, 100);
  return isModelName(name) ? name : 'model';
}

/**
 * An alias as it is stored.
 * @throws AimaasError USAGE when it could be taken for a version, is "latest", or does not fit `name@alias`.
 */
export function checkAlias(alias: string): string {
  const normal = alias.normalize('NFC');
  if (normal.toLowerCase() === LATEST) {
    throw new AimaasError('USAGE', `"${alias}" always means the highest version and cannot be set.`, {
      hint: 'Choose another alias, such as champion.',
    });
  }
  if (!isModelName(normal) || /^v?\d+$/i.test(normal)) {
    throw new AimaasError(
      'USAGE',
      `"${alias}" cannot be an alias: expected a word of letters, digits, ".", "_" or "-" that does not look like a version number.`,
      { hint: 'Choose another alias, such as champion or staging.' },
    );
  }
  return normal;
}
