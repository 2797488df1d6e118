/** Runs of letters, marks and digits, and apart from them runs of scripts that are written without spaces. */
const RUNS =
  /(?<spaceless>[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+)|[\p{L}\p{M}\p{N}]+/gu;

/**
 * The words of a text, in lower case and Unicode's compatibility form. Where words are not separated by spaces, as in
 * Chinese, every two neighbouring characters are a word, which serves a bag of words nearly as well as a dictionary.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const match of text.normalize('NFKC').toLowerCase().matchAll(RUNS)) {
    if (match.groups?.['spaceless'] === undefined) {
      words.push(match[0]);
      continue;
    }
    const characters = Array.from(match[0]);
    if (characters.length === 1) words.push(match[0]);
    for (let i = 0; i + 1 < characters.length; i++) {
      words.push(`${characters[i] as string}${characters[i + 1] as string}`);
    }
  }
  return words;
}
