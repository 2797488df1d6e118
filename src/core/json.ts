/** Any value that survives JSON.stringify and JSON.parse unchanged. Payload types are `type`s: interfaces do not fit. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** JSON text with object keys in sorted order, so that equal values have equal texts (and equal hashes). */
export function stableStringify(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => stableStringify(item)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const object = value as JsonObject;
    const members = Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${stableStringify(object[key] as Json)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

export function isJsonObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
