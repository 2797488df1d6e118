import type { StepContext } from '../../core/step.js';
import { AccessControl } from '../../server/access/access.js';
import { KeyRing } from '../../server/access/key-ring.js';
import type { LimitKeeper } from '../../server/access/limits.js';
import { KeyStore } from '../../workspace/key-store.js';
import { Workspace } from '../../workspace/workspace.js';
import type { ServeOptions } from './options.js';

/** Who may use a server, for as long as it runs. */
export interface ServerAccess {
  readonly control: AccessControl;
  close(): void;
}

/**
 * Opens the keys of the workspace (or of --keys-file).
 * @throws AimaasError ARTIFACT_CORRUPT when they cannot be read.
 */
export async function openServerAccess(
  options: ServeOptions,
  limits: LimitKeeper,
  context: StepContext,
): Promise<ServerAccess> {
  const demand = options.keys === false ? 'never' : options.keys === true ? 'always' : 'auto';
  const store = new KeyStore(new Workspace(context.workspace), options.keysFile);
  const ring = await KeyRing.open(store, options.keysFile === undefined ? demand : 'always', (error) => {
    const what = error instanceof Error ? error.message : String(error);
    context.reporter.warn(`The API keys stay as they were: ${what}`);
  });
  return {
    control: new AccessControl({ keys: ring, limits }),
    close: () => ring.close(),
  };
}
