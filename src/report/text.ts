/** Advance widths of DejaVu Sans, the widest of the fonts a plot may be shown in, as shares of the font size. */
const NARROW = /[iljI.,:;'|!()[\]{}\u0300-\u036f ]/;
const WIDE = /[mwMW@%—]/;
const CAPITAL = /[A-Z0-9_=+<>~#&$€£?-]/;

/** About how wide a text is in pixels: never much too small, so that what is placed by it does not overlap. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x2e80) width += 1;
    else if (NARROW.test(character)) width += 0.37;
    else if (WIDE.test(character)) width += 0.97;
    else if (CAPITAL.test(character)) width += 0.68;
    else width += 0.62;
  }
  return width * size;
}

/** The text cut to fit, with an ellipsis. */
export function fitText(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size) > width) characters.pop();
  return `${characters.join('').trimEnd()}…`;
}

/** A number for a reader: about four significant digits, thousands grouped, powers of ten only where needed. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e9 || size < 1e-4) return value.toExponential(2).replace('e+', 'e');
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  if (size >= 1e4) return Math.round(value).toLocaleString('en-US');
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)));
  const rounded = value.toFixed(Math.min(decimals, size < 1 ? 6 : 4));
  return size >= 1000
    ? Number(rounded).toLocaleString('en-US')
    : rounded.replace(/(\.\d*?[1-9])0+$/, '$1').replace(/\.0+$/, '');
}

/** A count, thousands grouped. */
export function formatCount(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : formatNumber(value);
}
