import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from '../helpers/property.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { BundleManifest } from '../../src/core/bundle.js';
import type { ExportResult } from '../../src/steps/export/export.js';
import type { MonitorResult } from '../../src/steps/monitor/result.js';
import type { ServeResult } from '../../src/steps/serve/serve.js';
import type { VerifyModelResult } from '../../src/steps/verify-model.js';
import { type CliResult, runCli, runJson, temporaryFolder } from '../helpers/cli.js';

const PENGUINS = fileURLToPath(new URL('../../examples/penguins/penguins.csv', import.meta.url));
/** What `npm ci` installs in an image. */
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let cwd: string;
/** A signed bundle, a bundle encrypted with a passphrase, and one with both by a key file. */
let signed: string;
let locked: string;
let both: string;

const ENV = { AIMAAS_PASSPHRASE: 'correct horse' };
const aimaas = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd });
const unlocked = async (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd, env: ENV });

async function exported(output: string, ...argv: string[]): Promise<ExportResult> {
  return runJson(['export', '--name', output, '--output', output, ...argv], { cwd, env: ENV });
}

beforeAll(async () => {
  folder = await temporaryFolder();
  cwd = folder.path;
  await runJson(['collect', PENGUINS, '--target', 'species'], { cwd });
  await runJson(['preprocess'], { cwd });
  await runJson(['train', '--model', 'linear', '--epochs', '2'], { cwd });
  for (const [kind, file] of [
    ['signing', 'release.pem'],
    ['signing', 'other.pem'],
    ['encryption', 'model.key'],
    ['encryption', 'other.key'],
  ] as const) {
    await runJson(['keys', 'generate', kind, file], { cwd });
  }
  await exported('signed', '--sign', 'release.pem');
  await exported('locked', '--encrypt');
  await exported('both', '--sign', 'release.pem', '--encryption-key', 'model.key');
  [signed, locked, both] = ['signed', 'locked', 'both'].map((name) => join(cwd, name)) as [
    string,
    string,
    string,
  ];
}, 120_000);
afterAll(() => folder.dispose());

async function filesOf(bundle: string): Promise<string[]> {
  const entries = await readdir(bundle, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(bundle, join(entry.parentPath, entry.name)));
}

/** Runs a test with a copy of a bundle that it may spoil. */
async function withCopy(bundle: string, test: (copy: string) => Promise<void>): Promise<void> {
  const copy = join(cwd, 'copy');
  await cp(bundle, copy, { recursive: true });
  try {
    await test(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

const predict = (bundle: string, ...argv: string[]): Promise<CliResult> =>
  unlocked('predict', bundle, PENGUINS, ...argv);

describe('key files', () => {
  it('are for their owner only, and overwrite nothing', async () => {
    for (const name of ['release.pem', 'model.key']) {
      expect((await stat(join(cwd, name))).mode & 0o777).toBe(0o600);
    }
    expect(await readFile(join(cwd, 'release.pem.pub'), 'utf8')).toContain('BEGIN PUBLIC KEY');
    const before = await readFile(join(cwd, 'release.pem'), 'utf8');
    const { code, stderr } = await aimaas('keys', 'generate', 'signing', 'release.pem');
    expect(code).toBe(2);
    expect(stderr).toContain('exists');
    expect(await readFile(join(cwd, 'release.pem'), 'utf8')).toBe(before);
    expect((await aimaas('keys', 'generate', 'singing', 'x')).stderr).toContain('Did you mean "signing"');
  });
});

describe('a signed model', () => {
  it('says who signed it, is used as any other, and is up to date when it is exported again', async () => {
    const result = await runJson<VerifyModelResult>(['models', 'verify', signed], { cwd });
    expect(result).toMatchObject({ name: 'signed', version: 1, encrypted: false });
    expect(result.signer).toMatch(/^[0-9a-f]{16}$/);
    expect(result.files).toBe((await filesOf(signed)).length - 2);
    expect((await predict(signed, '--require-signature', 'release.pem.pub')).code).toBe(0);
    expect(await exported('signed', '--sign', 'release.pem')).toMatchObject({ upToDate: true, version: 1 });
    expect(await exported('signed', '--sign', 'other.pem')).toMatchObject({ upToDate: false, version: 2 });
    expect(
      (await aimaas('predict', 'signed/1', PENGUINS, '--require-signature', 'release.pem.pub')).code,
    ).toBe(0);
    const argv = ['evaluate', '--run', 'signed/1', '--require-signature', 'release.pem.pub'];
    expect((await aimaas(...argv)).code).toBe(0);
    await cp(join(cwd, '.aimaas', 'models', 'signed', '1'), signed, { recursive: true });
  });

  it('is refused when any byte of any file is changed, naming the file', async () => {
    const names = await filesOf(signed);
    const signature = await readFile(join(signed, 'signature.json'), 'utf8');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (name, at, by) => {
          await withCopy(signed, async (copy) => {
            const path = join(copy, name);
            const bytes = await readFile(path);
            const place = at % bytes.length;
            bytes[place] = (bytes[place] as number) ^ by;
            await writeFile(path, bytes);
            const { code, stderr } = await predict(copy);
            expect([name, code]).toEqual([name, 4]);
            expect(stderr).toContain(name === 'signature.json' ? 'signature' : name);
          });
        },
      ),
      {
        numRuns: 20,
        // What parsers pass over: a name that nobody asks for, white space, the last bits of base64.
        examples: [
          ['signature.json', signature.indexOf('"kind"') + 1, 1],
          ['signature.json', signature.indexOf(' '), 0x2a],
          ['signature.json', signature.indexOf('=",') - 1, 3],
        ],
      },
    );
  });

  it.each([
    [
      'an extra file',
      async (copy: string) => writeFile(join(copy, 'onnx', 'extra.py'), ''),
      'onnx/extra.py is not part',
    ],
    ['a missing file', async (copy: string) => rm(join(copy, 'README.md')), 'README.md is missing'],
    ['a link', async (copy: string) => symlink('/etc/passwd', join(copy, 'link')), 'link is not part'],
    ['a file that became a link', swapForLink, 'README.md is not a plain file'],
    ['no signature', async (copy: string) => rm(join(copy, 'signature.json')), 'signature.json is missing'],
    ['no manifest', async (copy: string) => rm(join(copy, 'manifest.json')), 'is not an exported model'],
    [
      'another signature',
      async (copy: string) => cp(join(both, 'signature.json'), join(copy, 'signature.json')),
      'signature of',
    ],
    [
      'nonsense as signature',
      async (copy: string) => writeFile(join(copy, 'signature.json'), '{}'),
      'is not a signature',
    ],
  ])('is refused with %s', async (_, spoil, words) => {
    await withCopy(signed, async (copy) => {
      await spoil(copy);
      for (const argv of [
        ['predict', copy, PENGUINS],
        ['models', 'verify', copy],
        ['serve', copy, '--port', '0'],
        ['evaluate', '--run', copy, '--data', PENGUINS],
      ]) {
        const { code, stderr } = await aimaas(...argv);
        expect([argv[0], code]).toEqual([argv[0], 4]);
        expect(stderr).toContain(words);
      }
    });
  });

  async function swapForLink(copy: string): Promise<void> {
    const path = join(copy, 'README.md');
    await rename(path, join(dirname(copy), 'elsewhere.md'));
    await symlink(join(dirname(copy), 'elsewhere.md'), path);
  }

  it('cannot be signed again by somebody else where a key is required', async () => {
    await withCopy(join(cwd, '.aimaas', 'models', 'signed', '2'), async (copy) => {
      expect((await predict(copy)).code).toBe(0);
      const refused = await predict(copy, '--require-signature', 'release.pem.pub');
      expect(refused.code).toBe(4);
      expect(refused.stderr).toMatch(/is signed by [0-9a-f]{16}, not by [0-9a-f]{16}/);
      const either = ['--require-signature', 'release.pem.pub', '--require-signature', 'other.pem.pub'];
      expect((await predict(copy, ...either)).code).toBe(0);
    });
  });

  it.each([
    ['a model without signature', () => locked, 'is not signed'],
    ['a run', async () => (await aimaas('runs', '-q')).stdout.trim(), 'cannot be signed'],
  ])('is required, so %s is refused', async (_, model, words) => {
    const name = await model();
    for (const argv of [
      ['predict', name, PENGUINS],
      ['serve', name, '--port', '0'],
      ['evaluate', '--run', name],
    ]) {
      const { code, stderr } = await unlocked(...argv, '--require-signature', 'release.pem.pub');
      expect([argv[0], code]).toEqual([argv[0], 4]);
      expect(stderr).toContain(words);
    }
  });

  it.each([
    [['predict', 'signed', PENGUINS, '--require-signature', 'release.pem'], 'is not a public Ed25519 key'],
    [['predict', 'signed', PENGUINS, '--require-signature', 'nothing.pub'], 'there is no such file'],
    [['export', '--sign', 'release.pem.pub'], 'is not a private Ed25519 key'],
    [['export', '--sign', 'model.key'], 'is not a private Ed25519 key'],
  ])('is refused for a wrong key file: %j', async (argv, words) => {
    const { code, stderr } = await aimaas(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('an ONNX file', () => {
  it('is not served where a signature is required, also beside a signed model', async () => {
    const file = join(signed, 'network.onnx');
    for (const models of [[file], [signed, file]]) {
      const trust = ['--require-signature', 'release.pem.pub'];
      const { code, stderr, stdout } = await aimaas('serve', ...models, '--port', '0', ...trust);
      expect([models, code]).toEqual([models, 4]);
      expect(stderr).toContain('is an ONNX file, which bears no signature');
      expect(stderr).toContain('--require-signature');
      expect(stdout).toBe('');
    }
  });
});

describe('an encrypted model', () => {
  it('holds nothing that can be read but the manifest, and answers the same', async () => {
    const names = (await filesOf(locked)).sort();
    for (const name of names) expect(name).toMatch(/^(manifest\.json|README\.md|.*\.encrypted)$/);
    const plain = await readFile(join(signed, 'predictor.json'));
    const text = (await readFile(join(locked, 'predictor.json.encrypted'))).toString('latin1');
    for (const word of ['schema', 'Torgersen', 'Biscoe']) {
      expect(plain.toString()).toContain(word);
      expect(text).not.toContain(word);
      expect((await readFile(join(locked, 'manifest.json'), 'utf8')).includes('Torgersen')).toBe(false);
    }
    const expected = (await aimaas('predict', 'signed/1', PENGUINS)).stdout;
    expect((await predict(locked)).stdout).toBe(expected);
    expect((await predict(both, '--encryption-key', 'model.key')).stdout).toBe(expected);
    await writeFile(join(cwd, 'passphrase'), `${ENV.AIMAAS_PASSPHRASE}\n`);
    expect((await aimaas('predict', locked, PENGUINS, '--passphrase-file', 'passphrase')).stdout).toBe(
      expected,
    );
    const evaluated = await unlocked(
      'evaluate',
      '--run',
      locked,
      '--data',
      PENGUINS,
      '--metric',
      'accuracy',
      '-q',
    );
    const same = await aimaas(
      'evaluate',
      '--run',
      'signed/1',
      '--data',
      PENGUINS,
      '--metric',
      'accuracy',
      '-q',
    );
    expect(evaluated.stdout).toBe(same.stdout);
    expect(await filesOf(locked)).toHaveLength(names.length);
  });

  it('stays so in deployments, which take its passphrase from their environment', async () => {
    const out = join(cwd, 'deploy');
    const argv = ['export', '--name', 'deployed', '--encrypt', '--format', 'docker,kubernetes', '--output'];
    await runJson([...argv, out], { cwd, env: ENV });
    const manifest = await readFile(join(out, 'kubernetes', 'deployment.yaml'), 'utf8');
    expect(parse(manifest)).toHaveProperty('spec.template.spec.containers.0.env', [
      {
        name: 'AIMAAS_PASSPHRASE',
        valueFrom: { secretKeyRef: { name: 'deployed-passphrase', key: 'passphrase' } },
      },
    ]);
    expect(await readFile(join(out, 'docker', 'Dockerfile'), 'utf8')).toContain('-e AIMAAS_PASSPHRASE ');
    const names = await filesOf(join(out, 'docker', 'model'));
    for (const name of names) expect(name).toMatch(/^(manifest\.json|README\.md|.*\.encrypted)$/);
    for (const name of await filesOf(out)) {
      if (name.includes('server.cjs')) continue;
      expect((await readFile(join(out, name))).includes(ENV.AIMAAS_PASSPHRASE)).toBe(false);
    }

    // What the image runs.
    const server = join(out, 'docker', 'server', 'server.cjs');
    const run = (env: NodeJS.ProcessEnv): ChildProcess =>
      spawn(process.execPath, [server, '--port', '0', '--json', '--quiet'], {
        cwd: out,
        env: { ...env, AIMAAS_MODEL: join(out, 'docker', 'model'), NODE_PATH: MODULES },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const closed = run({});
    expect(await once(closed, 'exit')).toEqual([4, null]);
    const child = run(ENV);
    try {
      const lines = createInterface({ input: child.stdout as Readable });
      const [line] = (await once(lines, 'line')) as [string];
      const { url } = JSON.parse(line) as ServeResult;
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      // Drift and the page know the training rows.
      const page = await (await fetch(`${url}/page/models`)).text();
      expect(page).toMatch(/"range":\[\d/);
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('aimaas_drift_window_rows');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is not exported to run elsewhere with a key file, which would lie beside it', async () => {
    const argv = ['export', '--name', 'nothing', '--encryption-key', 'model.key', '--format', 'docker'];
    const { code, stderr } = await aimaas(...argv);
    expect(code).not.toBe(0);
    expect(stderr).toContain('encrypted with a key file cannot be exported as docker');
    expect((await aimaas('models', 'show', 'nothing')).code).toBe(4);
  });

  it('is monitored as any other, and not without its secret', async () => {
    const expected = await runJson<MonitorResult>(['monitor', 'signed/1', '--data', PENGUINS], { cwd });
    const result = await runJson<MonitorResult>(['monitor', locked, '--data', PENGUINS], { cwd, env: ENV });
    expect(result.inputs).toEqual(expected.inputs);
    expect(result.predictions).toEqual(expected.predictions);
    expect((await aimaas('monitor', locked, '--data', PENGUINS)).stderr).toContain(
      'is encrypted with a passphrase',
    );
  });

  it('is up to date when it is exported again with the same secret only', async () => {
    expect(await exported('locked', '--encrypt')).toMatchObject({ upToDate: true, encrypted: true });
    const other = await runJson(['export', '--name', 'locked', '--encrypt'], {
      cwd,
      env: { AIMAAS_PASSPHRASE: 'x' },
    });
    expect(other).toMatchObject({ upToDate: false, version: 2 });
    expect(await runJson(['export', '--name', 'locked'], { cwd })).toMatchObject({
      upToDate: false,
      encrypted: false,
    });
  });

  it('is not opened without its secret, or with another', async () => {
    const cases: readonly (readonly [Record<string, string>, readonly string[], string])[] = [
      [{}, [locked], 'is encrypted with a passphrase'],
      [{ AIMAAS_PASSPHRASE: 'wrong' }, [locked], 'is not the passphrase'],
      [{}, [locked, '--encryption-key', 'model.key'], 'The key given is not the passphrase'],
      [{}, [both], 'is encrypted with a key'],
      [{}, [both, '--encryption-key', 'other.key'], 'is not the key'],
    ];
    for (const [env, [model = '', ...argv], words] of cases) {
      const { code, stderr, stdout } = await runCli(['predict', model, PENGUINS, ...argv], { cwd, env });
      expect([words, code]).toEqual([words, 4]);
      expect(stderr).toContain(words);
      expect(stdout).toBe('');
    }
    expect((await aimaas('serve', locked, '--port', '0')).code).toBe(4);
    expect((await aimaas('models', 'verify', both, '--encryption-key', 'model.key')).code).toBe(0);
  });

  it('is refused, naming the file, when a byte is changed though nobody signed it', async () => {
    for (const name of ['predictor.json.encrypted', 'network.onnx.encrypted']) {
      await withCopy(locked, async (copy) => {
        const bytes = await readFile(join(copy, name));
        bytes[40] = (bytes[40] as number) ^ 1;
        await writeFile(join(copy, name), bytes);
        // With the manifest changed to fit, only the encryption itself can tell.
        const manifest = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as BundleManifest;
        const { sha256OfFile } = await import('../../src/workspace/hash.js');
        const files = {
          ...manifest.files,
          [name]: { bytes: bytes.length, sha256: await sha256OfFile(join(copy, name)) },
        };
        await writeFile(join(copy, 'manifest.json'), JSON.stringify({ ...manifest, files }));
        const { code, stderr } = await predict(copy);
        expect(code).toBe(4);
        expect(stderr).toContain(name);
      });
    }
  });

  it('is refused when two of its files change places', async () => {
    await withCopy(locked, async (copy) => {
      const [one, other] = [join(copy, 'predictor.json.encrypted'), join(copy, 'network.onnx.encrypted')];
      await rename(one, `${one}.x`);
      await rename(other, one);
      await rename(`${one}.x`, other);
      const manifest = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8')) as BundleManifest;
      const swapped = {
        ...manifest.files,
        'predictor.json.encrypted': manifest.files['network.onnx.encrypted'],
        'network.onnx.encrypted': manifest.files['predictor.json.encrypted'],
      };
      await writeFile(join(copy, 'manifest.json'), JSON.stringify({ ...manifest, files: swapped }));
      expect((await predict(copy)).stderr).toContain('predictor.json.encrypted was changed');
    });
  });

  it('does not let a manifest ask for endless work', async () => {
    await withCopy(locked, async (copy) => {
      const path = join(copy, 'manifest.json');
      const text = (await readFile(path, 'utf8')).replace(/"cost": \d+/, '"cost": 1073741824');
      await writeFile(path, text);
      const { code, stderr } = await predict(copy);
      expect(code).toBe(4);
      expect(stderr).toContain('would take too long');
    });
  });

  it.each([
    [['export', '--encrypt'], '--encrypt needs a key or a passphrase'],
    [['export', '--encryption-key', 'release.pem'], 'is not a key for encryption'],
    [['export', '--encryption-key', 'model.key', '--passphrase-file', 'model.key'], 'not with both'],
  ])('is not made by %j', async (argv, words) => {
    const { code, stderr } = await aimaas(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(words);
  });
});

describe('a model without protection', () => {
  it('is still refused when what is read of it is damaged', async () => {
    await exported('plain');
    await chmod(join(cwd, 'plain'), 0o755);
    await withCopy(join(cwd, 'plain'), async (copy) => {
      await writeFile(join(copy, 'onnx', 'model.onnx'), 'x');
      expect((await predict(copy)).code).toBe(0);
      const verified = await aimaas('models', 'verify', copy);
      expect(verified.code).toBe(4);
      expect(verified.stderr).toContain('onnx/model.onnx was changed');
      const network = await readFile(join(copy, 'network.onnx'));
      network[network.length - 1] = (network.at(-1) as number) ^ 1;
      await writeFile(join(copy, 'network.onnx'), network);
      expect((await predict(copy)).stderr).toContain('network.onnx was changed');
    });
  });
});
