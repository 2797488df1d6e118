import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataContent } from '../../core/artifacts.js';
import { AimaasError } from '../../core/errors.js';
import type { ColumnKind } from '../../core/table.js';
import type { TaskKind } from '../../core/task-kind.js';
import type { ColumnProfile, Profile } from '../../sources/profile/profile.js';
import type { Manifest } from '../../workspace/manifest.js';
import type { Workspace } from '../../workspace/workspace.js';

export type CollectedColumn = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly reason: string;
  readonly dataType: string;
  readonly missing: number;
  readonly distinct: number;
};

export type CollectResult = {
  readonly schemaVersion: 1;
  readonly id: string;
  readonly name: string;
  /** Nothing had to be done: the workspace had this data set. */
  readonly upToDate: boolean;
  /** Folder of the data set. */
  readonly path: string;
  readonly rows: number;
  readonly rejectedRows: number;
  /** File with the rejected rows, or null. */
  readonly rejects: string | null;
  readonly duplicateRows: number;
  readonly target: string | null;
  /** What predicting the target is; null without a target. */
  readonly task: TaskKind | null;
  readonly classes: readonly { readonly value: string; readonly rows: number }[] | null;
  readonly columns: readonly CollectedColumn[];
  readonly sources: DataContent['sources'];
  readonly warnings: DataContent['warnings'];
};

/** The profile of a collected data set. @throws AimaasError ARTIFACT_CORRUPT */
export async function readProfile(workspace: Workspace, id: string): Promise<Profile> {
  const path = join(workspace.folder('data', id), 'profile.json');
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Profile;
  } catch (error) {
    throw new AimaasError('ARTIFACT_CORRUPT', `The profile of data set ${id} cannot be read: ${path}`, {
      hint: 'Collect the data again: aimaas collect FILE --force',
      cause: error,
    });
  }
}

/** What collecting gives of a data set that is there. */
export async function resultOf(
  workspace: Workspace,
  manifest: Manifest<DataContent>,
  upToDate: boolean,
): Promise<CollectResult> {
  const { id, content } = manifest;
  const path = workspace.folder('data', id);
  const profile = await readProfile(workspace, id);
  const described = new Map<string, ColumnProfile>(profile.columns.map((column) => [column.name, column]));
  return {
    schemaVersion: 1,
    id,
    name: content.name,
    upToDate,
    path,
    rows: content.rows,
    rejectedRows: content.rejectedRows,
    rejects: content.rejectedRows > 0 ? join(path, 'rejects.csv') : null,
    duplicateRows: profile.duplicateRows,
    target: content.schema.target,
    task: taskOf(content, profile),
    classes: profile.classes,
    columns: content.schema.columns.map(({ name, kind, reason, dataType }) => ({
      name,
      kind,
      reason,
      dataType,
      missing: described.get(name)?.missing ?? 0,
      distinct: described.get(name)?.distinct ?? 0,
    })),
    sources: content.sources,
    warnings: content.warnings,
  };
}

/**
 * What predicting the target is, by its kind: a number is a quantity (regression); every other kind is classes, binary
 * with two of them.
 */
function taskOf(content: DataContent, profile: Profile): TaskKind | null {
  const target = content.schema.columns.find(({ name }) => name === content.schema.target);
  if (target === undefined) return null;
  if (target.kind === 'number' || target.kind === 'date') return 'regression';
  return (profile.classes?.length ?? 0) <= 2 ? 'binary' : 'multiclass';
}
