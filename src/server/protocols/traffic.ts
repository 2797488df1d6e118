import { isJsonObject } from '../../core/json.js';
import { parseJson, quote } from '../json-body.js';
import { badRequest } from '../request-error.js';
import { type Call, json, type Protocol, type Reply } from '../route.js';
import { type CanaryRule, isHeaderName, type TrafficControl, type TrafficRule } from '../traffic/rule.js';
import { failure } from './records.js';

const EXAMPLE =
  'Send {"name": "penguins", "canary": {"reference": "penguins/4", "weight": 0.1}, "shadow": "penguins/4"}; null ends either.';

/**
 * How requests are split among versions, and what came of it: GET and POST /manage/traffic. For those who may manage
 * the model.
 */
export function trafficProtocol(control: TrafficControl): Protocol {
  async function show({ access }: Call): Promise<Reply> {
    const reports = await control.reports();
    const visible = reports.filter(({ rule }) => access.may('manage', rule.name));
    if (visible.length === 0) access.require('manage');
    return json({ rules: visible });
  }

  async function change(call: Call): Promise<Reply> {
    const rule = ruleOf(parseJson(await call.body()));
    call.access.require('manage', rule.name);
    await control.setRule(rule);
    return json({ rules: (await control.reports()).filter((report) => report.rule.name === rule.name) });
  }

  return {
    failure,
    routes: [
      { name: '/manage/traffic', method: 'GET', path: '/manage/traffic', handle: show },
      { name: '/manage/traffic', method: 'POST', path: '/manage/traffic', handle: change },
    ],
  };
}

function ruleOf(body: unknown): TrafficRule {
  if (!isJsonObject(body)) throw badRequest(`The body is ${quote(body)}, not an object.`, { hint: EXAMPLE });
  const { name, canary = null, shadow = null } = body;
  if (typeof name !== 'string') throw badRequest(`"name" is ${quote(name)}, not a model.`, { hint: EXAMPLE });
  if (shadow !== null && typeof shadow !== 'string') {
    throw badRequest(`"shadow" is ${quote(shadow)}, not a model version.`, { hint: EXAMPLE });
  }
  return { name, canary: canary === null ? null : canaryOf(canary), shadow };
}

function canaryOf(value: unknown): CanaryRule {
  if (!isJsonObject(value)) {
    throw badRequest(`"canary" is ${quote(value)}, not an object.`, { hint: EXAMPLE });
  }
  const { reference, weight, header = null } = value;
  if (typeof reference !== 'string') {
    throw badRequest(`"reference" is ${quote(reference)}, not a model version.`, { hint: EXAMPLE });
  }
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 1)) {
    throw badRequest(`"weight" is ${quote(weight)}, not a number from 0 to 1.`, { hint: EXAMPLE });
  }
  if (header !== null && (typeof header !== 'string' || !isHeaderName(header))) {
    throw badRequest(`"header" is ${quote(header)}, not the name of a header.`, { hint: EXAMPLE });
  }
  return { reference, weight, header: header?.toLowerCase() ?? null };
}
