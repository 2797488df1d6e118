import { AimaasError } from '../core/errors.js';
import { type CanaryRule, isHeaderName, type TrafficRule } from '../server/traffic/rule.js';

/** Options by which requests are split among versions, as `serve` and `traffic` take them. */
export interface TrafficOptions {
  /** penguins/4=10% or penguins@next=0.1, at most one a model. */
  readonly canaries?: readonly string[] | undefined;
  /** A header whose value keeps a client with one version. */
  readonly sticky?: string | undefined;
  /** penguins/4 or penguins@next, at most one a model. */
  readonly shadows?: readonly string[] | undefined;
}

/**
 * The rules that options mean, one a model.
 * @throws AimaasError USAGE for one that is no version with a part, and for two of the same kind for one model.
 */
export function trafficRules({ canaries = [], sticky, shadows = [] }: TrafficOptions): TrafficRule[] {
  if (sticky !== undefined && canaries.length === 0) {
    throw new AimaasError('USAGE', '--sticky says how a canary is chosen, and there is none.', {
      hint: 'aimaas serve penguins --canary penguins/4=10% --sticky X-User',
    });
  }
  if (sticky !== undefined && !isHeaderName(sticky)) {
    throw new AimaasError('USAGE', `--sticky ${JSON.stringify(sticky)} is not the name of a header.`, {
      hint: '--sticky X-User',
    });
  }
  const rules = new Map<string, TrafficRule>();
  const add = (name: string, part: Partial<TrafficRule>): void => {
    const rule = rules.get(name) ?? { name, canary: null, shadow: null };
    const twice = part.canary === undefined ? rule.shadow !== null : rule.canary !== null;
    if (twice) {
      throw new AimaasError('USAGE', `Model ${name} can have one canary and one shadow, not two of a kind.`, {
        hint: 'Name each model once.',
      });
    }
    rules.set(name, { ...rule, ...part });
  };
  for (const text of canaries) {
    const canary = parseCanary(text, sticky);
    add(modelOf(canary.reference, '--canary penguins/4=10%'), { canary });
  }
  for (const reference of shadows) add(modelOf(reference, '--shadow penguins/4'), { shadow: reference });
  return [...rules.values()];
}

function parseCanary(text: string, sticky: string | undefined): CanaryRule {
  const [, reference, amount, percent] = /^(.+)=(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const weight = Number(amount) / (percent === '%' ? 100 : 1);
  if (reference === undefined || !(weight <= 1)) {
    throw new AimaasError('USAGE', `--canary ${text} is not a version and its part of the requests.`, {
      hint: 'Give a percentage or a number from 0 to 1: --canary penguins/4=10%',
    });
  }
  return { reference, weight, header: sticky?.toLowerCase() ?? null };
}

function modelOf(reference: string, hint: string): string {
  const name = /^(.+)[/@][^/@]+$/s.exec(reference)?.[1];
  if (name !== undefined) return name.normalize('NFC');
  throw new AimaasError('USAGE', `${reference} is not a version of a model.`, { hint });
}
