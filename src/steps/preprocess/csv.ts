import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FeaturesContent, SPLITS, type TargetState } from '../../core/artifacts.js';
import { shortestFloat32 } from '../../core/float32.js';
import { makeFolder } from '../../core/make-folder.js';
import { storageError, temporaryName } from '../../workspace/atomic.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';
import { readSplit } from '../features-dataset.js';

/** A CSV field, quoted where it has to be (RFC 4180). */
function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function targetText(target: TargetState, value: number): string {
  return target.task === 'regression' ? String(value) : field(target.classes[value] as string);
}

/** Rows joined into one string before they are written. */
const ROWS_A_WRITE = 4096;

const ELSEWHERE = 'name another folder with --write-csv';

/** Writes lines to a file that has its name only once it is whole. */
async function writeLines(path: string, header: string, lines: AsyncIterable<string>): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.write(`${header}\n`);
      for await (const text of lines) await file.write(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageError(error, path, ELSEWHERE);
  }
}

async function* chunks(rows: number, line: (row: number) => string): AsyncGenerator<string> {
  for (let from = 0; from < rows; from += ROWS_A_WRITE) {
    const to = Math.min(rows, from + ROWS_A_WRITE);
    yield Array.from({ length: to - from }, (_, i) => `${line(from + i)}\n`).join('');
  }
  await Promise.resolve();
}

/**
 * Writes the splits of a feature set as CSV: x_train.csv, y_train.csv, x_validation.csv … with a header; features with as
 * many digits as a float32 has, classes by name. Splits without rows are not written.
 * @returns the paths written.
 * @throws AimaasError STORAGE when a file cannot be written.
 */
export async function writeSplitCsv(
  workspace: Workspace,
  manifest: Manifest<FeaturesContent>,
  directory: string,
): Promise<string[]> {
  const { layout, target, splits } = manifest.content;
  const width = layout.length;
  try {
    await makeFolder(directory);
  } catch (error) {
    throw storageError(error, directory, ELSEWHERE);
  }
  const written: string[] = [];
  for (const split of SPLITS) {
    if (splits[split].rows === 0) continue;
    const [xPath, yPath] = [join(directory, `x_${split}.csv`), join(directory, `y_${split}.csv`)];
    await writeLines(xPath, layout.map(({ name }) => field(name)).join(','), xLines());
    await writeLines(yPath, field(target.column), yLines());
    written.push(xPath, yPath);

    async function* xLines(): AsyncGenerator<string> {
      for await (const { x, row } of readSplit(workspace, manifest, split)) {
        yield* chunks(row.length, (r) =>
          Array.from(x.subarray(r * width, (r + 1) * width), shortestFloat32).join(','),
        );
      }
    }
    async function* yLines(): AsyncGenerator<string> {
      for await (const { y } of readSplit(workspace, manifest, split)) {
        yield* chunks(y.length, (r) => targetText(target, y[r] as number));
      }
    }
  }
  return written;
}
