import { AimaasError } from '../../core/errors.js';

/** Lines of a stack that are shown. */
const MOST_FRAMES = 4;

/** A mistake in a model file, with what was expected of it. */
export function modelFileError(message: string, hint?: string, cause?: unknown): AimaasError {
  return new AimaasError('MODEL_FILE', message, {
    hint: hint ?? 'docs/models.md shows what a model file looks like.',
    cause,
  });
}

/**
 * An error that code of a model file threw, with its place in the file.
 * @param doing what the file was used for: "cannot be loaded", "failed while it made its model".
 */
export function thrownByFile(name: string, doing: string, error: unknown): AimaasError {
  if (error instanceof AimaasError) return error;
  const { message, frames } = described(error, name);
  const where = frames.length === 0 ? '' : `\n${frames.map((frame) => `    ${frame}`).join('\n')}`;
  return modelFileError(`${name} ${doing}: ${message}${where}`, hintFor(error, name), error);
}

/** Node before 20.19 takes a .js file for CommonJS where no package.json says otherwise. */
function hintFor(error: unknown, name: string): string | undefined {
  const isModule = error instanceof SyntaxError && /'export'|import statement/.test(error.message);
  if (isModule) return `Call the file ${name.replace(/\.js$/, '.mjs')}, which says that it is an ES module.`;
  const message = error instanceof Error ? error.message : '';
  return KNOWN.find(([said]) => message.includes(said))?.[1];
}

/** What to do about some messages of tfjs. */
const KNOWN: readonly (readonly [string, string])[] = [
  [
    'presence of activity regularizer(s)',
    'tf.layers has activityRegularizer in no layer: leave it out, and use kernelRegularizer or biasRegularizer, or a loss of your own (model.compile).',
  ],
  [
    'When passing an Array as loss',
    "A model has one output and one loss: model.compile({ optimizer, loss: 'meanSquaredError' }), or a function that adds several up.",
  ],
];

/** The message of an error and the lines of its stack that are in the file. */
function described(error: unknown, name: string): { message: string; frames: string[] } {
  if (!(error instanceof Error)) return { message: String(error), frames: [] };
  const lines = (error.stack ?? '').split('\n').map((line) => decoded(line.trim()));
  // A syntax error has its place above the message, in a line of its own: file:///…/my-model.js:3
  const frames = lines.filter(
    (line) =>
      line.includes(name) &&
      /:\d+/.test(line) &&
      (line.startsWith('at ') || line.startsWith('file:') || line.startsWith('/')),
  );
  return {
    message: `${error.name}: ${error.message}`,
    frames: frames.slice(0, MOST_FRAMES).map((line) => (line.startsWith('at ') ? line : `at ${line}`)),
  };
}

/** Node writes unusual characters of a path as %20 and the like. */
function decoded(line: string): string {
  try {
    return decodeURI(line).replace(/\?sha256=[0-9a-f]+/g, '');
  } catch {
    return line;
  }
}

/**
 * What a layer of a model file led to, while it was applied or its gradients were taken: named with the layer and the file.
 * @param doing what failed where no layer was at work: "failed while its model was compiled".
 */
export function layerError(
  name: string,
  error: unknown,
  layer: string | undefined,
  doing = 'failed while its model was compiled',
): AimaasError {
  if (!(error instanceof AimaasError)) {
    return thrownByFile(name, layer === undefined ? doing : `has a layer "${layer}" that failed`, error);
  }
  if (error.message.includes(name)) return error;
  const known = `layer "${layer ?? ''}"`;
  const message =
    layer === undefined
      ? `${name} ${doing}: ${error.message}`
      : error.message.includes(known)
        ? error.message.replace(known, `${known} of ${name}`)
        : `Layer "${layer}" of ${name}: ${error.message}`;
  return new AimaasError(error.code, message, { hint: error.hint, cause: error, details: error.details });
}
