import { AimaasError } from '../core/errors.js';
import { isJsonObject } from '../core/json.js';
import type { StepContext } from '../core/step.js';
import type { TrafficReport, TrafficRule } from '../server/traffic/rule.js';
import { type TrafficOptions, trafficRules } from './traffic-rules.js';

export interface ChangeTrafficOptions extends TrafficOptions {
  /** Where the server is. */
  readonly server: string;
  /** An API key that may manage the models. */
  readonly key?: string | undefined;
  /** Models whose canary and shadow end. */
  readonly stop?: readonly string[] | undefined;
}

export type TrafficResult = { readonly schemaVersion: 1; readonly rules: readonly TrafficReport[] };

/** Milliseconds a server may take to answer: it loads the versions meanwhile. */
const LIMIT = 120_000;

/**
 * Changes how a running server splits requests among versions, and tells what came of it so far. A canary or shadow
 * that is not named stays as it is.
 * @throws AimaasError USAGE when the server cannot be reached or refuses, with its words.
 */
export async function changeTraffic(
  options: ChangeTrafficOptions,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<TrafficResult> {
  const wanted = trafficRules(options);
  const ask = (rule?: TrafficRule): Promise<readonly TrafficReport[]> => exchange(options, rule, signal);
  const before = await ask();
  for (const name of options.stop ?? []) await ask({ name, canary: null, shadow: null });
  for (const { name, canary, shadow } of wanted) {
    const rule = before.find((report) => report.rule.name === name)?.rule;
    await ask({ name, canary: canary ?? rule?.canary ?? null, shadow: shadow ?? rule?.shadow ?? null });
  }
  const rules = (options.stop ?? []).length + wanted.length === 0 ? before : await ask();
  return { schemaVersion: 1, rules };
}

async function exchange(
  { server, key }: ChangeTrafficOptions,
  rule: TrafficRule | undefined,
  signal: AbortSignal,
): Promise<readonly TrafficReport[]> {
  const url = addressOf(server);
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, {
      method: rule === undefined ? 'GET' : 'POST',
      headers: {
        ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        ...(rule === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: rule === undefined ? null : JSON.stringify(rule),
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]),
    });
    body = await response.json();
  } catch (error) {
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new AimaasError('USAGE', `No aimaas server answers at ${server}: ${reason}`, {
      hint: 'Start one (aimaas serve penguins), or say where it is: --server http://HOST:PORT',
      cause: error,
    });
  }
  if (response.ok && isJsonObject(body) && Array.isArray(body.rules)) {
    return body.rules as readonly TrafficReport[];
  }
  const said = isJsonObject(body) && isJsonObject(body.error) ? body.error : {};
  throw new AimaasError(
    'USAGE',
    `The server refused: ${typeof said.message === 'string' ? said.message : `status ${response.status}`}`,
    { hint: typeof said.hint === 'string' ? said.hint : undefined },
  );
}

function addressOf(server: string): URL {
  try {
    return new URL('/manage/traffic', server);
  } catch (error) {
    throw new AimaasError('USAGE', `--server ${server} is not an address.`, {
      hint: '--server http://127.0.0.1:8080',
      cause: error,
    });
  }
}
