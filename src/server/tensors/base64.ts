/** The bytes that base64 stands for, with or without padding; undefined where it is none. */
export function bytesOfBase64(text: string): Buffer | undefined {
  // Buffer.from passes over what is no base64, so what it read is held against what there was.
  const bytes = Buffer.from(text, 'base64');
  return withoutPadding(bytes.toString('base64')) === withoutPadding(text) ? bytes : undefined;
}

function withoutPadding(text: string): string {
  const end = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return end === 0 ? text : text.slice(0, -end);
}
