import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from '../helpers/property.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowsModel } from '../../src/core/api-key.js';
import type {
  CreateKeyResult,
  ListKeysResult,
  RevokeKeysResult,
  ShowKeyResult,
} from '../../src/steps/keys.js';
import { type CliResult, runCli, runJson, spawnCli, temporaryFolder } from '../helpers/cli.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;

const aimaas = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd });
const create = (...argv: string[]): Promise<CreateKeyResult> => runJson(['keys', 'create', ...argv], { cwd });
const keysFile = (): string => join(cwd, '.aimaas', 'access', 'keys.json');

beforeEach(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
});
afterEach(() => folder.dispose());

describe('aimaas keys create', () => {
  it('prints a key once and keeps its hash where only its owner reads it', async () => {
    const { key, info } = await create('acme');
    expect(key).toMatch(/^aimaas_[0-9a-f]{12}_[\w-]{43}$/);
    expect(info).toMatchObject({
      name: 'acme',
      state: 'valid',
      scopes: ['predict'],
      models: [],
      expiresAt: null,
    });
    const kept = await readFile(keysFile(), 'utf8');
    expect(kept).not.toContain(key);
    expect(kept).not.toContain(key.slice(20));
    expect((await stat(keysFile())).mode & 0o777).toBe(0o600);
    expect((await stat(join(cwd, '.aimaas', 'access'))).mode & 0o777).toBe(0o700);
    const everything = [
      await aimaas('keys'),
      await aimaas('keys', 'show', 'acme'),
      await aimaas('keys', '--json'),
    ];
    for (const { stdout } of everything) {
      expect(stdout).toContain(info.id);
      expect(stdout).not.toContain(key.slice(20));
      expect(stdout).not.toContain('hash');
    }
  });

  it('takes scopes, models, an end, a rate and quotas', async () => {
    const argv = ['--scope', 'predict,manage', '--model', 'peng*', '--model', 'cars', '--expires', '90d'];
    const { info } = await create(
      'acme',
      ...argv,
      ...['--rate-limit', '600/m', '--quota', 'rows=1000/day', '--quota', 'requests=50/month'],
    );
    expect(info).toMatchObject({
      scopes: ['predict', 'manage'],
      models: ['peng*', 'cars'],
      rateLimit: { requests: 600, seconds: 60 },
      quotas: [
        { unit: 'rows', period: 'day', limit: 1000 },
        { unit: 'requests', period: 'month', limit: 50 },
      ],
    });
    expect(Date.parse(String(info.expiresAt)) - Date.parse(info.createdAt)).toBe(90 * 86_400_000);
    const { stdout } = await aimaas('keys');
    expect(stdout).toMatch(
      /acme +valid +predict, manage +peng\*, cars +600\/m +rows=1000\/day, requests=50\/month/,
    );
  });

  it('prints the bare key with -q, and makes two of one name', async () => {
    const first = (await aimaas('keys', 'create', 'acme', '-q')).stdout.trim();
    const second = (await aimaas('keys', 'create', 'acme', '-q')).stdout.trim();
    expect(first).toMatch(/^aimaas_/);
    expect(second).not.toBe(first);
  });

  it.each([
    [['keys', 'create'], /needs NAME/],
    [['keys', 'create', ' '], /cannot be the name of a key/],
    [['keys', 'create', 'a\nb'], /cannot be the name of a key/],
    [['keys', 'create', 'a', '--scope', 'predikt'], /Did you mean "predict"/],
    [['keys', 'create', 'a', '--rate-limit', 'fast'], /"fast" is not a rate/],
    [['keys', 'create', 'a', '--rate-limit', '0/s'], /"0\/s" is not a rate/],
    [['keys', 'create', 'a', '--quota', 'rows=10/week'], /"rows=10\/week" is not a quota/],
    [['keys', 'create', 'a', '--quota', 'rows=1/day', '--quota', 'rows=2/day'], /two quotas of rows a day/],
    [['keys', 'create', 'a', '--expires', 'soon'], /--expires must be a duration/],
  ])('refuses %j', async (argv, message) => {
    const { code, stderr } = await aimaas(...argv);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(await stat(keysFile()).catch(() => undefined)).toBeUndefined();
  });

  it('keeps every key when several processes make them at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 4 }, (_, i) => spawnCli(['keys', 'create', `key-${i}`, '-q'], { cwd })),
    );
    for (const { code, stderr } of results) expect([code, stderr]).toMatchObject([0, expect.any(String)]);
    const { keys } = await runJson<ListKeysResult>(['keys', 'list'], { cwd });
    expect(keys.map(({ name }) => name).sort()).toEqual(['key-0', 'key-1', 'key-2', 'key-3']);
  });
});

describe('aimaas keys revoke', () => {
  it('takes names, ids, beginnings of ids and whole keys, all or none', async () => {
    const [a, b, c] = [await create('a'), await create('b'), await create('c')];
    expect((await aimaas('keys', 'revoke', 'a', 'nobody')).code).toBe(4);
    expect((await runJson<ListKeysResult>(['keys'], { cwd })).keys).toHaveLength(3);
    const { revoked, left } = await runJson<RevokeKeysResult>(
      ['keys', 'revoke', 'a', b.info.id.slice(0, 10), c.key],
      { cwd },
    );
    expect(revoked.map(({ id, state }) => [id, state])).toEqual(
      [a, b, c].map(({ info }) => [info.id, 'revoked']),
    );
    expect(left).toBe(0);
    expect((await runJson<ListKeysResult>(['keys'], { cwd })).keys).toEqual([]);
    expect((await runJson<ListKeysResult>(['keys', 'list', '--all'], { cwd })).keys).toHaveLength(3);
    expect((await runJson<ShowKeyResult>(['keys', 'show', a.info.id], { cwd })).key.state).toBe('revoked');
    expect((await aimaas('keys', 'revoke', 'a')).stderr).toContain(`${a.info.id} (a) is revoked since`);
  });

  it('says that nobody is let in after the last, and which of two is not meant', async () => {
    const first = await create('acme');
    const second = await create('acme');
    const { code, stderr } = await aimaas('keys', 'revoke', 'acme');
    expect(code).toBe(2);
    expect(stderr).toContain(`fits 2 API keys: ${first.info.id}, ${second.info.id}`);
    await aimaas('keys', 'revoke', first.info.id);
    expect((await aimaas('keys', 'revoke', 'acme')).stdout).toContain('answer nobody');
    expect((await aimaas('keys', 'show', 'acmi')).stderr).toContain('Did you mean "acme"');
  });
});

describe('a damaged keys file', () => {
  it.each(['', '{', '[]', '{"schemaVersion":1,"keys":[{}]}', '{"schemaVersion":1,"keys":[{"id":1}]}'])(
    'is refused and stays as it is: %j',
    async (text) => {
      await create('acme');
      await writeFile(keysFile(), text);
      for (const argv of [['keys'], ['keys', 'create', 'b'], ['keys', 'revoke', 'acme'], ['serve']]) {
        const { code, stderr } = await aimaas(...argv);
        expect(code).toBe(4);
        expect(stderr).toContain(keysFile());
      }
      expect(await readFile(keysFile(), 'utf8')).toBe(text);
    },
  );

  it.skipIf(process.getuid?.() === 0)('is refused when it may not be read', async () => {
    await create('acme');
    await chmod(keysFile(), 0o000);
    expect((await aimaas('keys')).code).toBe(4);
  });
});

describe('patterns of model names', () => {
  const key = (pattern: string) => ({ ...({} as CreateKeyResult['info']), hash: '', models: [pattern] });

  it('match as a regular expression with .* would', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.', '-'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const quoted = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
        expect(allowsModel(key(pattern), name)).toBe(new RegExp(`^${quoted.join('.*')}$`, 's').test(name));
      }),
    );
  });

  it('take no time that grows faster than the name', () => {
    expect(allowsModel(key(`${'a*'.repeat(5000)}b`), 'a'.repeat(20_000))).toBe(false);
  });
});
