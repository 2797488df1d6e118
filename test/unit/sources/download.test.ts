import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentReporter } from '../../../src/core/reporter.js';
import { download, withoutCredentials } from '../../../src/sources/locations/download.js';
import { errorOf, Playground } from './helpers.js';

let place: Playground;
let server: Server;
let origin: string;
let handler: (request: IncomingMessage, response: ServerResponse) => void;
let requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];

beforeEach(async () => {
  place = await Playground.make();
  requests = [];
  server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await place.dispose();
});

const CSV = Buffer.from(`a,b\n${Array.from({ length: 5000 }, (_, i) => `${i},x${i}`).join('\n')}\n`);

function fetchIt(url: string) {
  return download(url, { cache: join(place.path, 'cache'), reporter: silentReporter, retryDelay: 1 });
}

/** Serves `content` with a tag, byte ranges and conditional answers, as servers of files do. */
function serve(content: Buffer, tag: string): typeof handler {
  return (request, response) => {
    response.setHeader('etag', tag);
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end();
      return;
    }
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    if (from !== undefined && request.headers['if-range'] === tag) {
      const rest = content.subarray(Number(from));
      response.writeHead(206, {
        'content-length': rest.length,
        'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
      });
      response.end(rest);
      return;
    }
    response.writeHead(200, { 'content-length': content.length }).end(content);
  };
}

test('a URL is collected, asked for again only if it changed, and shown without credentials', async () => {
  handler = serve(CSV, '"1"');
  const url = `${origin.replace('http://', 'http://me:s3cret@')}/data.csv?token=abc&part=2`;
  const first = await place.collect(url, { target: 'a' });
  expect(first).toMatchObject({ rows: 5000, name: 'data' });
  expect(first.sources).toEqual([
    {
      location: `${origin}/data.csv?token=***&part=2`,
      format: 'csv',
      bytes: CSV.length,
      sha256: createHash('sha256').update(CSV).digest('hex'),
    },
  ]);
  expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cret').toString('base64')}`);
  const everything = await readdir(place.path, { recursive: true, withFileTypes: true });
  for (const entry of everything.filter((each) => each.isFile())) {
    const content = await readFile(join(entry.parentPath, entry.name), 'latin1');
    expect(content.includes('s3cret') || content.includes('token=abc')).toBe(false);
  }
  expect((await place.collect(url, { target: 'a' })).upToDate).toBe(true);
  expect(requests[1]?.headers['if-none-match']).toBe('"1"');
  handler = serve(Buffer.from('a,b\n1,2\n'), '"2"');
  expect(await place.collect(url, { target: 'a' })).toMatchObject({ upToDate: false, rows: 1 });
});

test('a download that breaks off goes on where it stopped', async () => {
  const whole = serve(CSV, '"1"');
  let broken = 0;
  handler = (request, response) => {
    if (broken++ < 2) {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, { etag: '"1"', 'content-length': CSV.length - from });
      response.write(CSV.subarray(from, from + 10_000), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    whole(request, response);
  };
  const file = await fetchIt(`${origin}/data.csv`);
  expect(await readFile(file.path)).toEqual(CSV);
  expect(requests).toHaveLength(3);
  expect(requests[1]?.headers.range).toMatch(/^bytes=[1-9]\d*-$/);
  expect(requests[1]?.headers['if-range']).toBe('"1"');
});

test('a part of a file that has changed is thrown away', async () => {
  let first = true;
  const other = Buffer.from('a,b\n7,8\n');
  handler = (request, response) => {
    if (first) {
      first = false;
      response.writeHead(200, { etag: '"1"', 'content-length': CSV.length });
      response.write(CSV.subarray(0, 10_000), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    serve(other, '"2"')(request, response);
  };
  const file = await fetchIt(`${origin}/data.csv`);
  expect(await readFile(file.path)).toEqual(other);
});

test('a checksum in the URL is held to', async () => {
  handler = serve(CSV, '"1"');
  const right = createHash('sha256').update(CSV).digest('hex');
  await fetchIt(`${origin}/data.csv#sha256=${right}`);
  const error = await errorOf(fetchIt(`${origin}/data.csv#sha256=${'0'.repeat(64)}`));
  expect(error).toMatchObject({ code: 'SOURCE_FORMAT' });
  expect(error.message).toContain(right);
});

test('a damaged copy is fetched again; one fetched before serves when the server is gone', async () => {
  handler = serve(CSV, '"1"');
  const file = await fetchIt(`${origin}/data.csv`);
  await writeFile(file.path, 'something else');
  expect(await readFile((await fetchIt(`${origin}/data.csv`)).path)).toEqual(CSV);
  handler = (_, response) => response.destroy();
  expect(await readFile((await fetchIt(`${origin}/data.csv`)).path)).toEqual(CSV);
  const error = await errorOf(fetchIt(`${origin}/other.csv`));
  expect(error).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  expect(error.message).toContain('after 5 attempts');
});

test('refusals', async () => {
  handler = (request, response) => response.writeHead(request.url === '/closed' ? 401 : 404).end();
  const gone = await errorOf(fetchIt(`${origin}/gone`));
  expect(gone).toMatchObject({ code: 'SOURCE_NOT_FOUND', details: { status: 404 } });
  expect(requests).toHaveLength(1);
  expect((await errorOf(fetchIt(`${origin}/closed`))).hint).toContain('user:password@');
});

test('a busy server is asked again', async () => {
  let count = 0;
  handler = (request, response) => {
    if (count++ === 0) response.writeHead(503).end();
    else serve(CSV, '"1"')(request, response);
  };
  expect(await readFile((await fetchIt(`${origin}/data.csv`)).path)).toEqual(CSV);
});

test('what is shown of a URL', () => {
  expect(withoutCredentials('https://u:p@h.example/a?X-Amz-Signature=s&b=1#sha256=00')).toBe(
    'https://h.example/a?X-Amz-Signature=***&b=1',
  );
});
