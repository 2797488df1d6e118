import type { Writable } from 'node:stream';

/** Writes a text with its end of line and waits until it is handed over; nothing for an empty text. */
export async function print(stream: Writable, text: string): Promise<void> {
  if (text === '') return;
  await new Promise<void>((resolve, reject) => {
    stream.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
}
