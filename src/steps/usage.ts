import { AimaasError } from '../core/errors.js';
import type { StepContext } from '../core/step.js';
import {
  addUsage,
  dayOf,
  NO_USAGE,
  type UsageCounts,
  type UsageEntry,
  type UsageGroup,
} from '../core/usage.js';
import { KeyStore } from '../workspace/key-store.js';
import { UsageStore } from '../workspace/usage-store.js';
import { Workspace } from '../workspace/workspace.js';
import { findKey } from './keys.js';

export interface UsageOptions {
  /** First day, YYYY-MM-DD (UTC). Default: the first of this month. */
  readonly since?: string | undefined;
  /** Last day, included. Default: today. */
  readonly until?: string | undefined;
  /** What a line is for, each a column. Default: key and model. */
  readonly by?: readonly UsageGroup[] | undefined;
  /** Only of this key. */
  readonly key?: string | undefined;
}

/** What was used by what the line is for; what it is not for is null. */
export type UsageLine = {
  readonly day: string | null;
  readonly key: string | null;
  /** The name of the key, null if there is none any more. */
  readonly name: string | null;
  /** name/version. */
  readonly model: string | null;
} & UsageCounts;

export type UsageResult = {
  readonly schemaVersion: 1;
  readonly since: string;
  readonly until: string;
  readonly by: readonly UsageGroup[];
  readonly lines: readonly UsageLine[];
  readonly total: UsageCounts;
};

/**
 * What keys used of the served models, added up over all servers of the workspace. A server that runs is behind by at
 * most some seconds.
 * @throws AimaasError USAGE for a day that is none, ARTIFACT_NOT_FOUND for a key that there is not.
 */
export async function usage(options: UsageOptions, context: StepContext): Promise<UsageResult> {
  const workspace = new Workspace(context.workspace);
  const today = dayOf(Date.now());
  const since = dayFrom('--since', options.since ?? `${today.slice(0, 7)}-01`);
  const until = dayFrom('--until', options.until ?? today);
  if (since > until) {
    throw new AimaasError('USAGE', `--since ${since} is after --until ${until}.`, {
      hint: `aimaas usage --since ${until} --until ${since}`,
    });
  }
  const keys = (await new KeyStore(workspace).read()) ?? [];
  const only = options.key === undefined ? undefined : findKey(keys, options.key).id;
  const names = new Map(keys.map(({ id, name }) => [id, name]));
  const by = options.by ?? ['key', 'model'];
  const store = new UsageStore(workspace);
  const lines = new Map<string, UsageLine>();
  let total = NO_USAGE;
  for (const day of await store.days(since, until)) {
    for (const entry of await store.read(day)) {
      if (only !== undefined && entry.key !== only) continue;
      const about = {
        day: by.includes('day') ? day : null,
        key: by.includes('key') ? entry.key : null,
        name: by.includes('key') ? (names.get(entry.key) ?? null) : null,
        model: by.includes('model') ? modelOf(entry) : null,
      };
      const place = JSON.stringify(Object.values(about));
      lines.set(place, { ...about, ...addUsage(lines.get(place) ?? NO_USAGE, entry) });
      total = addUsage(total, entry);
    }
  }
  const sorted = [...lines.values()].sort(inOrder);
  return { schemaVersion: 1, since, until, by, lines: sorted, total };
}

function modelOf({ model, version }: UsageEntry): string {
  return version === null ? model : `${model}/${version}`;
}

/** By day, then by name and id of the key, then by model. */
function inOrder(a: UsageLine, b: UsageLine): number {
  const text = (line: UsageLine): string =>
    [line.day, line.name, line.key, line.model].map((part) => part ?? '').join('\n');
  return text(a) < text(b) ? -1 : 1;
}

function dayFrom(option: string, text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // Some engines take the 31st of a shorter month for the 1st of the next.
  if (!Number.isNaN(time) && dayOf(time) === text) return text;
  throw new AimaasError('USAGE', `${option} must be a day such as 2026-01-31, but it is "${text}".`, {
    hint: 'Days are those of UTC.',
  });
}
