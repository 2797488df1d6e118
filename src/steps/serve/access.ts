import type { StepContext } from '../../core/step.js';
import type { AuditEvent } from '../../core/audit.js';
import { AccessControl, type Act } from '../../server/access/access.js';
import { KeyRing } from '../../server/access/key-ring.js';
import { type LimitKeeper, Limits } from '../../server/access/limits.js';
import { type Charge, chargeOf } from '../../server/access/usage-ledger.js';
import { KeyStore } from '../../workspace/key-store.js';
import { Workspace } from '../../workspace/workspace.js';
import { openAudit } from './audit.js';
import type { ServeOptions } from './options.js';
import { UsageRecord } from './usage.js';

/** Where limits are decided and usage is added up: one place for all processes of a server. */
export interface Accounts {
  readonly limits: LimitKeeper;
  readonly charge: (charge: Charge) => void;
  /** Puts something into the audit log. */
  readonly remember: (event: AuditEvent) => void;
  /** Hands over or writes what is left. */
  close(): Promise<void>;
}

/**
 * The accounts of a server, in the one process that coordinates it.
 * @throws AimaasError ARTIFACT_CORRUPT when the usage so far cannot be read.
 */
export async function openAccounts(context: StepContext): Promise<Accounts> {
  const workspace = new Workspace(context.workspace);
  const record = await UsageRecord.open(workspace, context.reporter);
  const audit = openAudit(workspace, context.reporter);
  return {
    limits: new Limits((key, period, now) => record.used(key, period, now)),
    charge: (charge) => record.add(charge),
    remember: (event) => audit.add(event),
    async close() {
      await audit.flush();
      await record.close();
    },
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
  { limits, charge, remember }: Accounts,
  context: StepContext,
): Promise<ServerAccess> {
  const demand = options.keys === false ? 'never' : options.keys === true ? 'always' : 'auto';
  const store = new KeyStore(new Workspace(context.workspace), options.keysFile);
  const ring = await KeyRing.open(store, options.keysFile === undefined ? demand : 'always', (error) => {
    const what = error instanceof Error ? error.message : String(error);
    context.reporter.warn(`The API keys stay as they were: ${what}`);
  });
  const onManage = (act: Act): void => remember(eventOf(act));
  const onPredict = options.auditPredictions === true ? onManage : undefined;
  const onSpent = (spent: Parameters<typeof chargeOf>[0]): void => charge(chargeOf(spent));
  return {
    control: new AccessControl({ keys: ring, limits, onSpent, onManage, onPredict }),
    close: () => ring.close(),
  };
}

function eventOf({ key, action, model, rows, route, requestId, ok, error }: Act): AuditEvent {
  const version = model?.version ?? null;
  return {
    actor: key === null ? 'anyone (no key demanded)' : `key ${key.id} (${key.name})`,
    action: `server.${action}`,
    target: model === null ? 'server' : version === null ? model.name : `${model.name}/${version}`,
    result: ok ? 'ok' : (error ?? 'failed'),
    details: { route, requestId, ...(action === 'predict' ? { rows } : {}) },
  };
}
