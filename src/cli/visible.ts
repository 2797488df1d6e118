/** A colour code of ours; and what breaks a line, moves the cursor or turns the direction of what follows. */
const CONTROLS = /\u001b\[\d*m|[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The text on one line, with control characters as JSON writes them: names and values of data may hold any. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (found) => {
    if (found.length > 1) return found;
    const json = JSON.stringify(found).slice(1, -1);
    return json === found ? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}` : json;
  });
}

/** The same for a text of several lines. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n');
}
