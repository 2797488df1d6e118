import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServeResult } from '../../../src/steps/serve/serve.js';
import type { TrafficResult } from '../../../src/steps/traffic.js';
import { trafficRules } from '../../../src/steps/traffic-rules.js';
import { runCli, runJson, temporaryFolder } from '../../helpers/cli.js';
import { PENGUIN } from '../../helpers/penguins.js';
import { PenguinVersions } from '../../helpers/penguin-versions.js';
import { startServing, until } from '../../helpers/serving.js';

let cwd: string;
let ready: ServeResult;
const cleanups: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const folder = await temporaryFolder();
  cwd = folder.path;
  const workspace = join(cwd, '.aimaas');
  const versions = new PenguinVersions(workspace);
  for (let i = 0; i < 3; i++) await versions.publish('penguins');
  const server = await startServing(workspace, {
    models: ['penguins/1'],
    corsOrigins: ['https://app.example.com'],
  });
  ready = server.ready;
  cleanups.push(
    () => server.close(),
    () => folder.dispose(),
  );
});
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});

/** How many of some requests each version answered. */
async function answers(
  count: number,
  user: (i: number) => string,
  model?: string,
): Promise<Map<number, number>> {
  const seen = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const response = await fetch(`${ready.url}/predict`, {
      method: 'POST',
      headers: { 'x-user': user(i) },
      body: JSON.stringify({ records: [PENGUIN, PENGUIN], model }),
    });
    const { model: by } = (await response.json()) as { model: { version: number } };
    seen.set(by.version, (seen.get(by.version) ?? 0) + 1);
  }
  return seen;
}

const traffic = (...args: readonly string[]): Promise<TrafficResult> =>
  runJson<TrafficResult>(['traffic', '--server', ready.url, ...args], { cwd });

describe('aimaas traffic', () => {
  it('gives a canary its part of the requests, each user always the same version, and takes it back', async () => {
    await traffic('--canary', 'penguins/2=25%', '--sticky', 'X-User');
    const preflight = await fetch(`${ready.url}/predict`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/, x-user$/);
    const seen = await answers(200, (i) => `user ${i}`);
    expect([...seen.keys()].sort()).toEqual([1, 2]);
    expect(seen.get(2)).toBeGreaterThan(25);
    expect(seen.get(2)).toBeLessThan(80);
    expect((await answers(20, () => 'the same')).size).toBe(1);
    expect(await answers(20, (i) => `user ${i}`, 'penguins/1')).toEqual(new Map([[1, 20]]));
    const { rules } = await traffic();
    expect(rules).toMatchObject([
      { rule: { name: 'penguins', canary: { reference: 'penguins/2', weight: 0.25, header: 'x-user' } } },
    ]);
    const requests = rules[0]?.arms.reduce((sum, arm) => sum + arm.requests, 0);
    expect(requests).toBeGreaterThanOrEqual(220);
    const { stdout } = await runCli(['traffic', '--server', ready.url], { cwd });
    expect(stdout).toContain('Canary penguins/2: 25 % of the requests, by x-user');
    expect((await traffic('--stop', 'penguins')).rules).toEqual([]);
    expect(await answers(20, (i) => `user ${i}`)).toEqual(new Map([[1, 20]]));
  });

  it('lets a shadow answer copies, compares, and clients see nothing of it', async () => {
    await traffic('--shadow', 'penguins/3');
    expect(await answers(30, () => '')).toEqual(new Map([[1, 30]]));
    await until(async () => (await traffic()).rules[0]?.shadows[0]?.requests === 30);
    const [shadow] = (await traffic()).rules[0]?.shadows ?? [];
    expect(shadow).toMatchObject({ live: 1, shadow: 3, requests: 30, rows: 60, failures: 0, dropped: 0 });
    // Thirty times the same two rows: they agree on all or none, and differ by what the models differ.
    expect([0, 60]).toContain(shadow?.agreements);
    const difference = await differenceOf(1, 3);
    expect((shadow?.absoluteDifference ?? NaN) / 60).toBeCloseTo(difference, 5);
    const metrics = await (await fetch(`${ready.url}/metrics`)).text();
    expect(metrics).toMatch(/^aimaas_shadow_rows_total\{model="penguins",version="1",shadow="3"\} 6\d$/m);
    await traffic('--stop', 'penguins');
  });

  it('keeps the rule there is when another cannot be followed, and says why', async () => {
    await traffic('--shadow', 'penguins/3');
    const wrong = [
      [['--canary', 'penguins/9=10%'], /no version 9/],
      [['--canary', 'cars/1=10%'], /cars is not served/],
      [['--shadow', 'penguins'], /Expected a version of a model/],
      [['--canary', 'penguins/2=110%'], /cannot be "penguins\/2=110%"/],
      [['--sticky', 'x'], /there is none/],
      [['--canary', 'penguins/2=10%', '--sticky', 'X User'], /--sticky cannot be "X User"/],
    ] as const;
    for (const [args, message] of wrong) {
      const { code, stderr } = await runCli(['traffic', '--server', ready.url, ...args], { cwd });
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
    expect((await traffic()).rules.map(({ rule }) => rule.shadow)).toEqual(['penguins/3']);
    const nobody = await runCli(['traffic', '--server', 'http://127.0.0.1:9'], { cwd });
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringMatching(/No aimaas server answers/)]);
  });

  it('reads parts as percentages and as numbers', () => {
    const [rule] = trafficRules({ canaries: ['penguins@next=0.05'], shadows: ['penguins/3'] });
    expect(rule).toEqual({
      name: 'penguins',
      canary: { reference: 'penguins@next', weight: 0.05, header: null },
      shadow: 'penguins/3',
    });
  });
});

/** Mean absolute difference of the probabilities of two versions for PENGUIN. */
async function differenceOf(...pair: readonly [number, number]): Promise<number> {
  const rules = { records: [PENGUIN] };
  const [one = [], other = []] = await Promise.all(
    pair.map(async (version) => {
      const load = await fetch(`${ready.url}/v2/repository/models/penguins/load`, {
        method: 'POST',
        body: JSON.stringify({ parameters: { version: String(version) } }),
      });
      expect(load.status).toBe(200);
      const response = await fetch(`${ready.url}/predict`, {
        method: 'POST',
        body: JSON.stringify({ ...rules, model: `penguins/${version}` }),
      });
      const { predictions } = (await response.json()) as {
        predictions: { probabilities: Record<string, number> }[];
      };
      return Object.values(predictions[0]?.probabilities ?? {});
    }),
  );
  return one.reduce((sum, value, i) => sum + Math.abs(value - (other[i] ?? NaN)), 0) / one.length;
}
