import type { StepContext } from '../../core/step.js';
import { AccessControl } from '../../server/access/access.js';
import { KeyRing } from '../../server/access/key-ring.js';
import { type LimitKeeper, Limits } from '../../server/access/limits.js';
import { type Charge, chargeOf } from '../../server/access/usage-ledger.js';
import { KeyStore } from '../../workspace/key-store.js';
import { Workspace } from '../../workspace/workspace.js';
import type { ServeOptions } from './options.js';
import { UsageRecord } from './usage.js';

/** Where limits are decided and usage is added up: one place for all processes of a server. */
export interface Accounts {
  readonly limits: LimitKeeper;
  charge(charge: Charge): void;
  /** Hands over or writes what is left. */
  close(): Promise<void>;
}

/**
 * The accounts of a server, in the one process that coordinates it.
 * @throws AimaasError ARTIFACT_CORRUPT when the usage so far cannot be read.
 */
export async function openAccounts(context: StepContext): Promise<Accounts> {
  const record = await UsageRecord.open(new Workspace(context.workspace), context.reporter);
  return {
    limits: new Limits((key, period, now) => record.used(key, period, now)),
    charge: (charge) => record.add(charge),
    close: () => record.close(),
  };
}

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
  { limits, charge }: Accounts,
  context: StepContext,
): Promise<ServerAccess> {
  const demand = options.keys === false ? 'never' : options.keys === true ? 'always' : 'auto';
  const store = new KeyStore(new Workspace(context.workspace), options.keysFile);
  const ring = await KeyRing.open(store, options.keysFile === undefined ? demand : 'always', (error) => {
    const what = error instanceof Error ? error.message : String(error);
    context.reporter.warn(`The API keys stay as they were: ${what}`);
  });
  const onSpent = (spent: Parameters<typeof chargeOf>[0]): void => charge(chargeOf(spent));
  return {
    control: new AccessControl({ keys: ring, limits, onSpent }),
    close: () => ring.close(),
  };
}
