import { Ajv, type ErrorObject } from 'ajv';
import type { Json, JsonObject } from '../core/json.js';
import { isJsonObject } from '../core/json.js';
import { didYouMean } from '../core/suggest.js';

export interface ConfigProblem {
  /** Keys and indices from the root to the value that is wrong. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

function valueAt(root: Json, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = root;
  for (const key of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string | number, Json | undefined>)[key];
  }
  return value;
}

function nameOf(path: readonly (string | number)[]): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

function typeName(schema: JsonObject): string | undefined {
  return typeof schema['expects'] === 'string' ? schema['expects'] : undefined;
}

function problemOf(error: ErrorObject, root: Json): ConfigProblem {
  const path = pathOf(error.instancePath);
  const parent = (error.parentSchema ?? {}) as JsonObject;
  if (error.keyword === 'additionalProperties') {
    const name = (error.params as { additionalProperty: string }).additionalProperty;
    const known = isJsonObject(parent['properties']) ? Object.keys(parent['properties']) : [];
    const where = path.length === 0 ? 'section' : `setting of ${nameOf(path)}`;
    return { path: [...path, name], message: `there is no ${where} "${name}". ${didYouMean(name, known)}` };
  }
  const received = JSON.stringify(valueAt(root, path) ?? null);
  const choices = parent['enum'];
  if (Array.isArray(choices)) {
    const list = (choices as readonly Json[]).map(String);
    return {
      path,
      message: `${nameOf(path)} cannot be ${received}. ${didYouMean(received.replaceAll('"', ''), list)}`,
    };
  }
  const expected = typeName(parent) ?? error.message?.replace(/^must be /, '') ?? 'something else';
  return { path, message: `${nameOf(path)} must be ${expected}, but it is ${received}.` };
}

/** Every way in which the value does not fit the schema, one problem a place. */
export function findProblems(value: Json, schema: JsonObject): ConfigProblem[] {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, validateFormats: false });
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  const found = new Map<string, ConfigProblem>();
  for (const error of validate.errors ?? []) {
    // The branches of anyOf and if complain one by one; the setting that holds them says what it expects.
    if (/\/(anyOf|oneOf|items)\/\d+/.test(error.schemaPath)) continue;
    const problem = problemOf(error, value);
    const key = JSON.stringify(problem.path);
    if (!found.has(key)) found.set(key, problem);
  }
  return [...found.values()];
}
