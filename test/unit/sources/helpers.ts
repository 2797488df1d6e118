import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AimaasError } from '../../../src/core/errors.js';
import { silentReporter } from '../../../src/core/reporter.js';
import type { DataSchema, Table } from '../../../src/core/table.js';
import { readSnapshot } from '../../../src/sources/snapshot.js';
import { collect, type CollectOptions, type CollectResult } from '../../../src/steps/collect/collect.js';
import { Workspace } from '../../../src/workspace/workspace.js';
import type { DataContent } from '../../../src/core/artifacts.js';

/** A folder with a workspace in it, and shorthands for what the tests of collect do there. */
export class Playground {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Playground> {
    return new Playground(await realpath(await mkdtemp(join(tmpdir(), 'aimaas-sources-'))));
  }

  dispose(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }

  get workspace(): Workspace {
    return new Workspace(join(this.path, 'workspace'));
  }

  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    await writeFile(path, content);
    return path;
  }

  collect(
    sources: string | readonly string[],
    options: Omit<CollectOptions, 'sources'> = {},
  ): Promise<CollectResult> {
    const context = {
      workspace: this.workspace.root,
      reporter: silentReporter,
      signal: new AbortController().signal,
    };
    return collect({ ...options, sources: typeof sources === 'string' ? [sources] : sources }, context);
  }

  /** Collects and reads back: the rows as plain values, and the schema. */
  async rows(
    sources: string | readonly string[],
    options: Omit<CollectOptions, 'sources'> = {},
  ): Promise<{ result: CollectResult; schema: DataSchema; rows: Record<string, number | string | null>[] }> {
    const result = await this.collect(sources, options);
    const manifest = await this.workspace.find<DataContent>('data', result.id);
    const { schema } = manifest.content;
    const tables: Table[] = [];
    for await (const table of readSnapshot(join(result.path, 'data.parquet'), { schema })) tables.push(table);
    return { result, schema, rows: plainRows(tables) };
  }
}

/** Tables as rows of plain values; missing cells are null. */
export function plainRows(tables: readonly Table[]): Record<string, number | string | null>[] {
  return tables.flatMap((table) =>
    Array.from({ length: table.rows }, (_, i) =>
      Object.fromEntries(
        [...table.columns].map(([name, column]): [string, number | string | null] => {
          if (column.storage === 'number') {
            const value = column.values[i] as number;
            return [name, Number.isNaN(value) ? null : value];
          }
          const code = column.codes[i] as number;
          return [name, code < 0 ? null : (column.dictionary[code] as string)];
        }),
      ),
    ),
  );
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** The AimaasError that the work ends in. */
export async function errorOf(work: Promise<unknown>): Promise<AimaasError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AimaasError) return error;
    throw error;
  }
  throw new Error('It was expected to fail.');
}
