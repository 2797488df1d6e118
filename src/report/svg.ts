/** Text made safe for the content and attributes of XML and HTML. Characters XML cannot hold become U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, (character) => (/[\t\n\r]/.test(character) ? ' ' : '\uFFFD'));
}

/** Coordinates need no more than hundredths of a pixel. */
function attribute(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 100) / 100) : escapeText(value);
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with its attributes (those undefined left out) and children, which are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string | number] => entry[1] !== undefined)
    .map(([key, value]) => ` ${key}="${attribute(value)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

/** A text element; the text is escaped. */
export function label(text: string, attributes: Attributes): string {
  return element('text', attributes, escapeText(text));
}
