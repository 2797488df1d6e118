import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeaturesContent, SplitName } from '../core/artifacts.js';
import { AimaasError } from '../core/errors.js';
import { isJsonObject, type Json, type JsonObject } from '../core/json.js';
import type { TensorData } from '../core/tensor.js';
import type { Manifest } from '../workspace/manifest.js';
import { readSafetensors, writeSafetensors } from '../workspace/safetensors.js';
import type { Workspace } from '../workspace/workspace.js';

/** Bytes of features that a shard holds at most. */
const SHARD_BYTES = 32 * 1024 * 1024;

/** The file of a feature set that holds the fitted transforms. */
export const FEATURES_FILE = 'features.json';

/** Some rows of a split, ready for a model. */
export interface Shard {
  /** Features, row-major `[rows, layout.length]`. */
  readonly x: Float32Array;
  /** `[rows]`: class index (int32), or the target in its own unit (float64). */
  readonly y: Int32Array | Float64Array;
  /** `[rows]`: 0-based row of the data set (of the given file, for rows of --validation-data and --test-data). */
  readonly row: Int32Array;
  /** `[rows]`: sample weights; null without a weight column. */
  readonly weight: Float32Array | null;
}

/** Collects the rows of a split and writes them as shards of bounded size. */
export class ShardWriter {
  private readonly directory: string;
  private readonly name: string;
  private readonly width: number;
  private readonly classes: boolean;
  private readonly weighted: boolean;
  private readonly capacity: number;
  private readonly pending: Shard[] = [];
  private pendingRows = 0;
  private written = 0;
  readonly shards: string[] = [];

  constructor(
    directory: string,
    name: string,
    options: { width: number; classes: boolean; weighted: boolean; shardBytes?: number },
  ) {
    this.directory = directory;
    this.name = name;
    this.width = options.width;
    this.classes = options.classes;
    this.weighted = options.weighted;
    this.capacity = Math.max(1, Math.floor((options.shardBytes ?? SHARD_BYTES) / (4 * options.width)));
  }

  get rows(): number {
    return this.written + this.pendingRows;
  }

  async add(rows: Shard): Promise<void> {
    for (let from = 0; from < rows.row.length;) {
      const to = Math.min(rows.row.length, from + this.capacity - this.pendingRows);
      this.pending.push({
        x: rows.x.subarray(from * this.width, to * this.width),
        y: rows.y.subarray(from, to),
        row: rows.row.subarray(from, to),
        weight: rows.weight?.subarray(from, to) ?? null,
      });
      this.pendingRows += to - from;
      from = to;
      if (this.pendingRows === this.capacity) await this.flush();
    }
  }

  /** Writes what is left. */
  async finish(): Promise<void> {
    if (this.pendingRows > 0) await this.flush();
  }

  private async flush(): Promise<void> {
    const rows = this.pendingRows;
    const x = new Float32Array(rows * this.width);
    const y = this.classes ? new Int32Array(rows) : new Float64Array(rows);
    const row = new Int32Array(rows);
    const weight = new Float32Array(this.weighted ? rows : 0);
    let at = 0;
    for (const part of this.pending) {
      x.set(part.x, at * this.width);
      y.set(part.y, at);
      row.set(part.row, at);
      if (this.weighted && part.weight !== null) weight.set(part.weight, at);
      at += part.row.length;
    }
    const tensors: Record<string, TensorData> = {
      x: { dtype: 'float32', shape: [rows, this.width], data: x },
      y: { dtype: this.classes ? 'int32' : 'float64', shape: [rows], data: y },
      row: { dtype: 'int32', shape: [rows], data: row },
    };
    if (this.weighted) tensors['weight'] = { dtype: 'float32', shape: [rows], data: weight };
    const file = `${this.name}-${String(this.shards.length).padStart(5, '0')}.safetensors`;
    await writeSafetensors(join(this.directory, file), tensors);
    this.shards.push(file);
    this.pending.length = 0;
    this.pendingRows = 0;
    this.written += rows;
  }
}

/**
 * The rows of a split, shard by shard, in the order of the data set.
 * @throws AimaasError ARTIFACT_CORRUPT when a shard is damaged.
 */
export async function* readSplit(
  workspace: Workspace,
  manifest: Manifest<FeaturesContent>,
  split: SplitName,
): AsyncGenerator<Shard, void, undefined> {
  const width = manifest.content.layout.length;
  for (const file of manifest.content.splits[split].shards) {
    const path = join(workspace.folder('features', manifest.id), file);
    const { x, y, row, weight } = await readSafetensors(path);
    const rows = row?.data.length ?? -1;
    const complete =
      x?.data instanceof Float32Array &&
      (y?.data instanceof Int32Array || y?.data instanceof Float64Array) &&
      row?.data instanceof Int32Array &&
      x.data.length === rows * width &&
      y.data.length === rows;
    if (!complete) {
      throw new AimaasError('ARTIFACT_CORRUPT', `The shard ${path} is not what its manifest says.`, {
        hint: 'aimaas preprocess --force',
      });
    }
    const weights = weight?.data instanceof Float32Array ? weight.data : null;
    yield { x: x.data, y: y.data, row: row.data, weight: weights };
  }
}

/**
 * The fitted transforms of a feature set, for `loadFeatures`.
 * @throws AimaasError ARTIFACT_CORRUPT when they cannot be read.
 */
export async function readFeatures(
  workspace: Workspace,
  manifest: Manifest<FeaturesContent>,
): Promise<JsonObject> {
  const path = join(workspace.folder('features', manifest.id), FEATURES_FILE);
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as Json;
    if (isJsonObject(json)) return json;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path, undefined);
}

function damaged(path: string, cause: unknown): AimaasError {
  return new AimaasError('ARTIFACT_CORRUPT', `The fitted features cannot be read: ${path}`, {
    hint: 'aimaas preprocess --force',
    cause,
  });
}
