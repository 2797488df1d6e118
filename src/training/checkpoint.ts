import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AimaasError } from '../core/errors.js';
import type { TensorData } from '../core/tensor.js';
import { writeJsonAtomic } from '../workspace/atomic.js';
import { sha256OfFile } from '../workspace/hash.js';
import { readSafetensors, writeSafetensors } from '../workspace/safetensors.js';
import type { EpochRecord } from './plan.js';
import type { PlateauState } from './schedules.js';

/** Where a run stands, besides its tensors. Everything random follows from seed and step, so no generator is saved. */
export type Progress = {
  /** Steps done. */
  readonly step: number;
  /** The plan's, or what a range test found in its place. */
  readonly learningRate: number;
  /** Sum and number of the step losses since the last record. */
  readonly lossSum: number;
  readonly lossCount: number;
  readonly bestLoss: readonly (number | null)[];
  readonly bestEpoch: readonly number[];
  readonly lastImprovement: number;
  readonly plateau: PlateauState;
  readonly seconds: number;
  readonly history: readonly EpochRecord[];
};

export interface Checkpoint {
  readonly progress: Progress;
  /** The session's state, and the best parameters and statistics so far under `best_…`. */
  readonly tensors: Readonly<Record<string, TensorData>>;
}

type Pointer = { readonly file: string; readonly sha256: string; readonly progress: Progress };

const POINTER = 'checkpoint.json';

/**
 * Writes a checkpoint so that a kill at any moment leaves the one before or this one: the tensors to a new file, then the
 * small file that names it.
 */
export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const previous = await readPointer(folder);
  const file = `step-${String(checkpoint.progress.step).padStart(9, '0')}.safetensors`;
  await writeSafetensors(join(folder, file), checkpoint.tensors);
  const pointer: Pointer = {
    file,
    sha256: await sha256OfFile(join(folder, file)),
    progress: checkpoint.progress,
  };
  await writeJsonAtomic(join(folder, POINTER), pointer);
  if (previous !== undefined && previous.file !== file)
    await rm(join(folder, previous.file), { force: true });
}

/**
 * The last checkpoint of a run, or undefined when it has none.
 * @throws AimaasError ARTIFACT_CORRUPT when its file is damaged.
 */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const pointer = await readPointer(folder);
  if (pointer === undefined) return undefined;
  const path = join(folder, pointer.file);
  const found = await sha256OfFile(path).catch(() => 'no such file');
  if (found !== pointer.sha256) {
    throw new AimaasError(
      'ARTIFACT_CORRUPT',
      `The checkpoint ${path} is damaged: sha256 ${found}, expected ${pointer.sha256}.`,
      {
        hint: 'aimaas train --force',
      },
    );
  }
  return { progress: pointer.progress, tensors: await readSafetensors(path) };
}

/** Where a run stood at its last checkpoint. */
export async function readProgress(folder: string): Promise<Progress | undefined> {
  return (await readPointer(folder))?.progress;
}

async function readPointer(folder: string): Promise<Pointer | undefined> {
  const text = await readFile(join(folder, POINTER), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Pointer);
}
