/** Tables whose cells are set apart by blanks and tabs, any number of them: read as if one tab stood there. */

/** Takes the pieces of an aligned text one by one; a piece may end anywhere. */
class Aligned {
  private isLineStart = true;
  /** Blanks have come since the last cell. */
  private apart = false;
  private quoted = false;
  private last = '';

  take(piece: string): string {
    let text = '';
    for (const character of piece) {
      if (!this.quoted && (character === ' ' || character === '\t')) this.apart = true;
      else text += this.next(character);
      this.last = character;
    }
    return text;
  }

  private next(character: string): string {
    const isCellStart = this.isLineStart || this.apart;
    const separator = this.apart && !this.isLineStart ? '\t' : '';
    if (this.quoted) {
      this.quoted = character !== '"';
      return character;
    }
    if (character === '\n' || character === '\r') {
      this.isLineStart = true;
      this.apart = false;
      return character;
    }
    // A quote begins a cell, or follows another inside of one ("").
    this.quoted = character === '"' && (isCellStart || this.last === '"');
    this.isLineStart = false;
    this.apart = false;
    return separator + character;
  }
}

/** An aligned text, separated by tabs. An empty piece, which is a pause, stays one. */
export async function* alignedPieces(text: AsyncIterable<string>): AsyncGenerator<string> {
  const aligned = new Aligned();
  for await (const piece of text) {
    const taken = aligned.take(piece);
    if (taken !== '' || piece === '') yield taken;
  }
}

export function alignedText(text: string): string {
  return new Aligned().take(text);
}

const LINES_LOOKED_AT = 100;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Blanks by which cells are put below one another. */
const GAP = /\S[ \t]{2,}\S/;

/** What an aligned text looks like, where a CSV would have these cells in its first row; undefined where it is none. */
export function alignedShape(
  head: string,
  whole: boolean,
  cells: readonly string[],
): { readonly columns: number; readonly hasHeader: boolean } | undefined {
  const lines = head.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (!whole && lines.length > 1) lines.pop();
  const rows = lines.slice(0, LINES_LOOKED_AT).map((line) => alignedText(line).split('\t'));
  const [first = [], ...others] = rows;
  const found = first.length;
  if (others.length < 2 || found <= cells.length || rows.some((row) => row.length !== found))
    return undefined;
  const share = (cells: readonly string[]): number =>
    cells.filter((cell) => NUMBER.test(cell)).length / cells.length;
  // The words of a text may be as many in every line too; numbers, and what stands below one another, are cells.
  const numbers = share(others.flat());
  const areApart = cells.some((cell) => GAP.test(cell));
  const isAligned = cells.length === 1 ? (found > 2 && numbers >= 0.5) || numbers === 1 : areApart;
  if (!isAligned) return undefined;
  return { columns: found, hasHeader: share(first) < Math.min(0.5, numbers) };
}
