import { defineCommand } from '../cli/command.js';
import type { TrafficResult } from '../steps/traffic.js';
import { HEADER, SERVER, VERSION, VERSION_AND_PART } from './text-forms.js';

export default defineCommand({
  name: 'traffic',
  summary: 'Split or copy the requests of a running server among versions, and compare them',
  description: [
    'A canary gets part of the requests that leave the version to the server; requests that name a version or alias get what they name. A shadow gets copies of what the default version answers, in time that nobody else needs, and its answers are compared and thrown away.',
    'Without options it tells what came of them so far. What is not named stays as it is.',
  ].join('\n\n'),
  examples: [
    { command: 'aimaas traffic --canary penguins/4=10%', does: 'send a tenth of the requests to version 4' },
    {
      command: 'aimaas traffic --canary penguins@next=50% --sticky X-User',
      does: 'half of the users, each always the same way',
    },
    { command: 'aimaas traffic --shadow penguins/4', does: 'let version 4 answer copies' },
    { command: 'aimaas traffic', does: 'compare the versions' },
    { command: 'aimaas traffic --stop penguins', does: 'all requests to the default version again' },
  ],
  arguments: [],
  options: {
    canary: {
      type: 'string',
      form: VERSION_AND_PART,
      placeholder: 'VERSION=PART',
      repeatable: true,
      commandLineOnly: true,
      description: 'Part of the requests for a version: penguins/4=10%',
    },
    sticky: {
      type: 'string',
      form: HEADER,
      placeholder: 'HEADER',
      commandLineOnly: true,
      description: 'Requests with the same value of this header get the same version',
    },
    shadow: {
      type: 'string',
      form: VERSION,
      placeholder: 'VERSION',
      repeatable: true,
      commandLineOnly: true,
      description: 'A version that answers copies: penguins/4',
    },
    stop: {
      type: 'string',
      placeholder: 'NAME',
      repeatable: true,
      commandLineOnly: true,
      description: 'End the canary and the shadow of a model',
    },
    server: {
      type: 'string',
      form: SERVER,
      placeholder: 'URL',
      description: 'Where the server is',
      defaultText: 'http://127.0.0.1:8080',
    },
    key: { type: 'string', placeholder: 'KEY', description: 'An API key with the scope manage' },
  },
  async run(_args, options, context): Promise<TrafficResult> {
    const { changeTraffic } = await import('../steps/traffic.js');
    const { canary, sticky, shadow, stop, server = 'http://127.0.0.1:8080', key } = options;
    return changeTraffic({ canaries: canary, sticky, shadows: shadow, stop, server, key }, context);
  },
  render({ rules }, style) {
    if (rules.length === 0)
      return 'All requests go to the default versions; there is no canary and no shadow.';
    return rules
      .map(({ rule, arms, shadows }) => {
        const parts = [style.bold(rule.name)];
        if (rule.canary !== null) {
          const { reference, weight, header } = rule.canary;
          const sticky = header === null ? '' : `, by ${header}`;
          parts.push(
            `Canary ${reference}: ${Number((weight * 100).toPrecision(3))} % of the requests${sticky}`,
            style.table(
              ['version', 'requests', 'rows', 'failures', 'ms/request'],
              arms.map((arm) => [
                String(arm.version),
                arm.requests,
                arm.rows,
                arm.failures,
                milliseconds(arm.seconds, arm.requests - arm.failures),
              ]),
            ),
          );
        }
        if (rule.shadow !== null) {
          parts.push(
            `Shadow ${rule.shadow}`,
            style.table(
              ['shadow', 'of', 'rows', 'agree', 'difference', 'ms', 'ms of it', 'failed', 'left out'],
              shadows.map((one) => [
                String(one.shadow),
                String(one.live),
                one.rows,
                one.rows === 0 ? '' : `${((100 * one.agreements) / one.rows).toFixed(2)} %`,
                one.rows === 0 ? '' : (one.absoluteDifference / one.rows).toPrecision(3),
                milliseconds(one.liveSeconds, one.requests),
                milliseconds(one.shadowSeconds, one.requests),
                one.failures,
                one.dropped,
              ]),
            ),
          );
        }
        return parts.join('\n');
      })
      .join('\n\n');
  },
  quiet: ({ rules }) => rules.map(({ rule }) => rule.name).join('\n'),
});

function milliseconds(seconds: number, requests: number): string {
  return requests === 0 ? '' : ((1000 * seconds) / requests).toPrecision(3);
}
