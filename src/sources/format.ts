/** What the name of a file says of its format; undefined where only its content tells (as .json, which may be lines). */
export function namedFormat(location: string): 'csv' | 'tsv' | 'jsonl' | undefined {
  const name = location
    .toLowerCase()
    .replace(/[?#].*$/, '')
    .replace(/\.gz$/, '');
  if (/\.(?:tsv|tab)$/.test(name)) return 'tsv';
  if (name.endsWith('.csv')) return 'csv';
  if (/\.(?:jsonl|ndjson)$/.test(name)) return 'jsonl';
  return undefined;
}
