import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerCertificate, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTls, type TlsFiles, watchTls } from '../../../src/server/tls.js';
import { temporaryFolder } from '../../helpers/cli.js';
import {
  openPenguinModels,
  startServer,
  type TestServer,
  type TestServerOptions,
} from '../../helpers/server.js';
import { tlsFile } from '../../helpers/tls.js';

const SERVER: TlsFiles = { cert: tlsFile('server.pem'), key: tlsFile('server.key') };

let opened: Awaited<ReturnType<typeof openPenguinModels>>;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let authority: Buffer;

beforeAll(async () => {
  opened = await openPenguinModels();
  folder = await temporaryFolder();
  authority = await readFile(tlsFile('authority.pem'));
});
afterAll(async () => {
  await opened.dispose();
  await folder.dispose();
});

interface Seen {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly certificate: PeerCertificate;
}

/** GET /healthz over a new connection. */
function get(
  server: TestServer,
  options: { cert?: Buffer; key?: Buffer; maxVersion?: 'TLSv1.1' } = {},
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}/healthz`, { ca: authority, agent: false, ...options }, (response) => {
      if (!(response.socket instanceof TLSSocket)) throw new Error('The connection is not encrypted.');
      const certificate = response.socket.getPeerCertificate();
      response.resume().on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, certificate });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

async function withServer(
  options: TestServerOptions,
  test: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startServer(opened.models, options);
  try {
    await test(server);
  } finally {
    await server.close({ linger: 0 });
  }
}

describe('a server with a certificate', () => {
  it('speaks HTTPS, tells browsers to keep to it, and drains like any other', async () => {
    await withServer({ tls: await readTls(SERVER), browsers: { secure: true } }, async (server) => {
      expect(server.url).toMatch(/^https:/);
      const { status, headers, certificate } = await get(server);
      expect(status).toBe(200);
      expect(headers['strict-transport-security']).toBe('max-age=31536000');
      expect(certificate.subject.CN).toBe('server');
    });
  });

  it('speaks no TLS older than 1.2', async () => {
    await withServer({ tls: await readTls(SERVER) }, async (server) => {
      await expect(get(server, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
    });
  });

  it('lets in only clients of its authority, where one is named', async () => {
    const tls = await readTls({ ...SERVER, clientCa: tlsFile('authority.pem') });
    await withServer({ tls }, async (server) => {
      await expect(get(server)).rejects.toThrow();
      const stranger = {
        cert: await readFile(tlsFile('stranger.pem')),
        key: await readFile(tlsFile('stranger.key')),
      };
      await expect(get(server, stranger)).rejects.toThrow();
      const client = {
        cert: await readFile(tlsFile('client.pem')),
        key: await readFile(tlsFile('client.key')),
      };
      expect((await get(server, client)).status).toBe(200);
    });
  });

  it('takes a renewed certificate without a restart, once its key is there, too', async () => {
    const files = { cert: join(folder.path, 'cert.pem'), key: join(folder.path, 'key.pem') };
    await copyFile(SERVER.cert, files.cert);
    await copyFile(SERVER.key, files.key);
    await withServer({ tls: await readTls(files) }, async (server) => {
      const errors: Error[] = [];
      let renewed = 0;
      const stop = watchTls(
        files,
        (material) => {
          server.renewTls(material);
          renewed++;
        },
        (error) => errors.push(error as Error),
        20,
      );
      try {
        await sleep(100);
        await copyFile(tlsFile('renewed.pem'), files.cert);
        await until(() => errors.length > 0);
        expect(errors[0]?.message).toContain('does not belong to the certificate');
        expect((await get(server)).certificate.subject.CN).toBe('server');
        await copyFile(tlsFile('renewed.key'), files.key);
        await until(() => renewed > 0);
        expect((await get(server)).certificate.subject.CN).toBe('renewed');
        expect(errors).toHaveLength(1);
      } finally {
        stop();
      }
    });
  });
});

describe('certificates that are wrong', () => {
  const paths = { missing: '/no/such.pem' };

  it.each([
    ['expired', { cert: tlsFile('expired.pem'), key: tlsFile('expired.key') }, /expired at 2020-02-01/],
    [
      'of another key',
      { ...SERVER, key: tlsFile('client.key') },
      /client\.key does not belong to the certificate/,
    ],
    [
      'not there',
      { ...SERVER, cert: paths.missing },
      /--tls-cert \/no\/such\.pem cannot be read: there is no such/,
    ],
    ['a key', { ...SERVER, cert: tlsFile('server.key') }, /server\.key is not a certificate in PEM form/],
    [
      'without a key',
      { ...SERVER, key: tlsFile('server.pem') },
      /server\.pem is not a private key in PEM form/,
    ],
    [
      'encrypted',
      { ...SERVER, key: tlsFile('encrypted.key') },
      /encrypted\.key is encrypted with a passphrase/,
    ],
    [
      'without an authority',
      { ...SERVER, clientCa: tlsFile('client.key') },
      /--tls-client-ca .* is not a cert/,
    ],
  ])('are refused when %s', async (_, files, message) => {
    await expect(readTls(files)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are refused before their time', async () => {
    const time = Date.parse('2019-06-01');
    await expect(readTls(SERVER, time)).rejects.toThrow(/is not valid before 2020-01-01/);
  });

  it('are refused when cut off', async () => {
    const cert = join(folder.path, 'half.pem');
    await writeFile(cert, (await readFile(SERVER.cert)).subarray(0, 200));
    await expect(readTls({ ...SERVER, cert })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
  expect(condition()).toBe(true);
}
