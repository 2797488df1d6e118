/** Patterns of names that users give, as texts: for regular expressions with the flag u and for JSON Schema. */

/** Letters and digits of any script, then also dots, dashes and underscores: safe in a path, a URL and `name@alias`. */
export const MODEL_NAME = '[\\p{L}\\p{N}_][\\p{L}\\p{N}\\p{M}._\\-]{0,99}';
