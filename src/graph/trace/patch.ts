/**
 * Replaces properties of an object for the time of `body`. tfjs offers no seam for what tracing must change (random
 * numbers made in JavaScript, the name of the layer being called), and its modules read these properties on every call.
 */
export function withProperties<T>(
  target: object,
  replacements: Readonly<Record<string, unknown>>,
  body: () => T,
): T {
  const holder = target as Record<string, unknown>;
  const originals = Object.fromEntries(
    Object.keys(replacements).map((name) => [name, Object.getOwnPropertyDescriptor(holder, name)]),
  );
  for (const [name, value] of Object.entries(replacements)) {
    Object.defineProperty(holder, name, { value, configurable: true, writable: true, enumerable: true });
  }
  try {
    return body();
  } finally {
    for (const [name, descriptor] of Object.entries(originals)) {
      if (descriptor === undefined) Reflect.deleteProperty(holder, name);
      else Object.defineProperty(holder, name, descriptor);
    }
  }
}
