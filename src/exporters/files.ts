import { open } from 'node:fs/promises';

/** Writes a file of a folder that is not published yet, and waits until it is on the disk. */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
