import { defineCommand } from '../cli/command.js';
import { modelsText, quotaText, rateText } from '../cli/key-text.js';
import { SCOPES } from '../core/api-key.js';
import type { CreateKeyResult } from '../steps/keys.js';

export default defineCommand({
  name: 'keys create',
  summary: 'Make an API key for those who use the served models',
  description:
    'Prints the key once; the workspace keeps only its hash. As soon as a workspace has keys, its servers demand one ' +
    'with every request (Authorization: Bearer KEY, or X-API-Key: KEY) but probes; servers that run notice new and ' +
    'revoked keys by themselves.',
  examples: [
    { command: 'aimaas keys create acme', does: 'a key for predictions of all models' },
    {
      command:
        'aimaas keys create acme --model penguins --expires 90d --rate-limit 50/s --quota rows=100000/day',
      does: 'for one model, with limits',
    },
    {
      command: 'aimaas keys create prometheus --scope metrics -q > key.txt',
      does: 'a key that may only read /metrics, for a script',
    },
  ],
  arguments: [{ name: 'NAME', description: 'Who or what the key is for', required: true }],
  options: {
    scope: {
      type: 'string',
      placeholder: 'SCOPE',
      repeatable: true,
      choices: SCOPES,
      description: 'What it may do: predict, manage (load, unload and switch versions), metrics',
      defaultText: 'predict',
      commandLineOnly: true,
    },
    model: {
      type: 'string',
      placeholder: 'PATTERN',
      repeatable: true,
      description: 'Only for these models; * stands for any characters',
      defaultText: 'all models',
      commandLineOnly: true,
    },
    expires: {
      type: 'duration',
      placeholder: 'AGE',
      minimum: 1,
      description: 'How long it can be used: 12h, 90d, 52w',
      defaultText: 'until it is revoked',
      commandLineOnly: true,
    },
    rateLimit: {
      type: 'string',
      placeholder: 'N/s',
      description: 'Most requests a second (s), minute (m), hour (h) or day (d); also the largest burst',
      commandLineOnly: true,
    },
    quota: {
      type: 'string',
      placeholder: 'UNIT=N/PERIOD',
      repeatable: true,
      description: 'Most answered rows or requests a day or month (UTC): rows=100000/day',
      commandLineOnly: true,
    },
  },
  async run([name = ''], options, context): Promise<CreateKeyResult> {
    const { createKey } = await import('../steps/keys.js');
    const { scope, model, expires, rateLimit, quota } = options;
    return createKey({ name, scopes: scope, models: model, expires, rateLimit, quotas: quota }, context);
  },
  render({ key, info }, style) {
    return [
      `${style.green('✔')} API key for ${style.bold(info.name)}, shown only now:`,
      `  ${style.bold(key)}`,
      [
        `scopes ${info.scopes.join(', ')}`,
        `models ${modelsText(info)}`,
        `rate ${rateText(info)}`,
        `quota ${quotaText(info)}`,
        `expires ${info.expiresAt ?? 'never'}`,
      ].join('; ') + '.',
      `Next: ${style.bold(`curl -H 'Authorization: Bearer KEY' …`)}; to take it back: ${style.bold(`aimaas keys revoke ${info.id}`)}`,
    ].join('\n\n');
  },
  quiet: ({ key }) => key,
});
