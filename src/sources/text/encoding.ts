import { ENCODING_NAMES, knownEncoding } from '../../core/encodings.js';
import { AimaasError } from '../../core/errors.js';
import { didYouMean } from '../../core/suggest.js';

/**
 * The WHATWG label of an encoding.
 * @throws AimaasError USAGE for an encoding that is not known.
 */
export function encodingLabel(name: string): string {
  const label = knownEncoding(name);
  if (label !== undefined) return label;
  throw new AimaasError('USAGE', `Unknown encoding "${name}". ${didYouMean(name, ENCODING_NAMES)}`, {
    hint: 'Example: --encoding latin1',
  });
}
