import { closest, distance } from 'fastest-levenshtein';

/** Nothing has so long a name, and looking for the nearest takes time for every letter. */
const LONGEST = 200;

/** With fewer letters many names begin by chance. */
const SHORTEST = 3;

/** The candidate nearest to a misspelt name, or undefined when none is near enough to be meant. */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const list = [...candidates].filter((candidate) => candidate.length <= LONGEST);
  if (list.length === 0 || name.length > LONGEST) return undefined;
  const longer = list.filter((candidate) => beginsWith(candidate, name));
  if (longer.length === 1) return longer[0];
  const best = closest(
    name.toLowerCase(),
    list.map((candidate) => candidate.toLowerCase()),
  );
  const match = list.find((candidate) => candidate.toLowerCase() === best);
  if (match === undefined) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(name.length, match.length) * 0.4));
  const edits = distance(name.toLowerCase(), best);
  // Two letters swapped count as two edits, though it is one slip: csv, cvs.
  const isSwap = edits === 2 && sortedLetters(name) === sortedLetters(match);
  // Two names without a letter in common are not alike, however short they are.
  const isOther = edits >= Math.max(name.length, match.length) && !isSwap;
  return (edits <= allowed && !isOther) || isSwap ? match : undefined;
}

/** Whether a name was cut short: acc, accuracy. */
function beginsWith(candidate: string, name: string): boolean {
  return name.length >= SHORTEST && candidate.toLowerCase().startsWith(name.toLowerCase());
}

function sortedLetters(text: string): string {
  return Array.from(text.toLowerCase()).sort().join('');
}

/** " Did you mean x?" or the list of what there is: the tail of an "unknown name" message. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const list = [...candidates];
  const near = nearestName(name, list);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (list.length === 0) return 'There are none.';
  const shown = list.slice(0, 20);
  return `Known: ${shown.join(', ')}${list.length > shown.length ? ', …' : ''}.`;
}
