import { rename, rm } from 'node:fs/promises';
import { silentReporter } from '../core/reporter.js';
import { storageError, temporaryName } from './atomic.js';
import { withLock } from './lock.js';
import type { ArtifactKind } from './manifest.js';
import type { Workspace } from './workspace.js';

/**
 * Removes an artifact: out of sight by one rename, so that a killed removal leaves nothing half there.
 * @throws AimaasError ARTIFACT_IN_USE at once when another process is writing it.
 */
export async function removeArtifact(workspace: Workspace, kind: ArtifactKind, id: string): Promise<void> {
  const lock = { reporter: silentReporter, timeout: 0, what: `${kind} ${id}` };
  await withLock(workspace.lockPath(kind, id), lock, async () => {
    const folder = workspace.folder(kind, id);
    const removed = temporaryName(folder);
    try {
      await rename(folder, removed);
      await rm(removed, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw storageError(error, folder);
    }
  });
}
