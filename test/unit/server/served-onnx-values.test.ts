import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorModel } from '../../../src/server/served-model.js';
import { valuesFromJson } from '../../../src/server/tensors/json.js';
import { temporaryFolder } from '../../helpers/cli.js';
import { openIdentity } from '../../helpers/identity-model.js';
import { startServer, type TestServer } from '../../helpers/server.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer<TensorModel>;

beforeAll(async () => {
  folder = await temporaryFolder();
  const { path } = folder;
  server = await startServer([
    await openIdentity(path, 'texts', 'string', ['n']),
    await openIdentity(path, 'big', 'int64', ['n']),
    await openIdentity(path, 'numbers', 'float32', ['n', 1]),
    await openIdentity(path, 'wide', 'float32', ['n', 2]),
    await openIdentity(path, 'flags', 'bool', ['n']),
  ]);
});
afterAll(async () => {
  await server.close({ linger: 0 });
  for (const model of server.models) await model.dispose();
  await folder.dispose();
  expect(server.errors).toEqual([]);
});

const infer = (model: string, datatype: string, data: string) =>
  server.post(
    `/v2/models/${model}/infer`,
    `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${data.split(',').length}],"data":[${data}]}]}`,
  );

describe('whole numbers of 64 bits', () => {
  const exact = '9007199254740993,9223372036854775807,-9223372036854775808,1e18,"9007199254740993",7';
  const answer =
    '9007199254740993,9223372036854775807,-9223372036854775808,1000000000000000000,9007199254740993,7';

  it('are answered as they were sent, in every protocol', async () => {
    expect((await infer('big', 'INT64', exact)).text).toContain(`"data":[${answer}]`);
    const byRow = await server.post('/v1/models/big:predict', `{"instances":[${exact}]}`);
    expect(byRow.text).toBe(`{"predictions":[${answer}]}`);
    const byColumn = await server.post('/v1/models/big:predict', `{"inputs":{"x":[${exact}]}}`);
    expect(byColumn.text).toBe(`{"outputs":[${answer}]}`);
    const columns = await server.post('/predict?model=big', `{"columns":{"x":[${exact}]}}`);
    expect(columns.text).toContain(
      answer
        .split(',')
        .map((value) => `{"y":${value}}`)
        .join(','),
    );
    const lines = await server.get('/predict?model=big', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', accept: 'text/csv' },
      body: exact
        .split(',')
        .map((value) => `{"x":${value}}\n`)
        .join(''),
    });
    expect(lines.text).toBe(`y\n${answer.replaceAll(',', '\n')}\n`);
  });

  it('beyond 64 bits are refused, and shown as they were sent', async () => {
    for (const data of ['9223372036854775808', '-9223372036854775809', '1e300']) {
      const { status, text } = await infer('big', 'INT64', data);
      expect([status, text]).toEqual([400, expect.stringContaining('which is no INT64') as unknown]);
      if (!data.includes('e')) expect(text).toContain(data);
    }
  });

  it('are still numbers where they are to be rounded', async () => {
    const { body } = await server.post('/predict?model=numbers', '{"columns":{"x":[[9007199254740993]]}}');
    expect(body).toMatchObject({ predictions: [{ y: [2 ** 53] }] });
    const beside = valuesFromJson('x', 'FP32', [2], [9007199254740993n, 1]);
    expect(Array.from(beside as Float32Array)).toEqual([2 ** 53, 1]);
  });
});

describe('texts of an ONNX file', () => {
  it('may come as base64', async () => {
    const { body } = await server.post('/v1/models/texts:predict', {
      instances: [{ b64: 'aGk=' }, 'x', { b64: 'aGk' }],
    });
    expect(body).toEqual({ predictions: ['hi', 'x', 'hi'] });
    const columns = await server.post('/v1/models/texts:predict', { inputs: { x: [{ b64: 'aGk=' }] } });
    expect(columns.body).toEqual({ outputs: ['hi'] });
  });

  it.each([
    ['what is not base64', { b64: '!!' }, 'not base64'],
    ['bytes that are no text', { b64: '/w==' }, 'not UTF-8'],
    ['a NUL character', 'a\u0000b', 'NUL'],
    ['a NUL character as base64', { b64: 'YQBi' }, 'NUL'],
    ['half a surrogate pair', '\ud800', 'not UTF-8'],
    ['numbers', 7, 'no BYTES'],
  ])('are refused where they are %s', async (_, value, words) => {
    const { status, text } = await server.post('/v1/models/texts:predict', { instances: ['fine', value] });
    expect([status, text]).toEqual([400, expect.stringContaining(words) as unknown]);
  });
});

describe('POST /predict of an ONNX file', () => {
  const csv = (model: string, body: string, accept = 'application/json') =>
    server.get(`/predict?model=${model}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', accept },
      body,
    });

  it('reads the cells of a CSV as what the model takes', async () => {
    expect((await csv('numbers', 'x,other\n1,a\n -2.5e1,b\n,c\n')).body).toMatchObject({
      predictions: [{ y: [1] }, { y: [-25] }, { y: [null] }],
    });
    expect((await csv('big', 'x\n9007199254740993\n+7\n')).text).toContain(
      '[{"y":9007199254740993},{"y":7}]',
    );
    expect((await csv('texts', 'x\n1\n"a,""b"\n')).body).toMatchObject({
      predictions: [{ y: '1' }, { y: 'a,"b' }],
    });
    expect((await csv('flags', 'x\ntrue\n0\n')).body).toMatchObject({
      predictions: [{ y: true }, { y: false }],
    });
  });

  it('answers as JSON Lines and as CSV, and says which version', async () => {
    const lines = await csv('texts', 'x\na\n"b,c"\n', 'application/x-ndjson');
    expect([lines.text, lines.headers.get('x-model')]).toEqual(['{"y":"a"}\n{"y":"b,c"}\n', 'texts']);
    const table = await csv('texts', 'x\na\n"b,c"\n', 'text/csv');
    expect([table.text, table.headers.get('content-type')]).toEqual(['y\na\n"b,c"\n', 'text/csv']);
    expect((await csv('numbers', 'x\n1.5\n\n', 'text/csv')).text).toBe('y\n1.5\n');
  });

  it('refuses what it cannot read or give', async () => {
    const cell = await csv('numbers', 'x\n1\nabc\n');
    expect(cell.body).toMatchObject({
      error: { message: 'Row 1, column "x": "abc" is no FP32.', details: { row: 1, column: 'x' } },
    });
    expect([cell.status, (await csv('big', 'x\n1.5\n')).status]).toEqual([400, 400]);
    expect((await csv('numbers', 'z\n1\n')).text).toContain('Missing named input: x');
    expect((await csv('wide', 'x\n1\n')).text).toContain('no column of a CSV');
    const records = { records: [{ x: [1, 2] }] };
    const wide = await server.post('/predict?model=wide', records, { headers: { accept: 'text/csv' } });
    expect([wide.status, wide.text]).toEqual([406, expect.stringContaining("Output 'y'") as unknown]);
    for (const option of ['top=1', 'threshold=0.5', 'fields=prediction']) {
      const { status, text } = await server.post(`/predict?model=wide&${option}`, records);
      expect([status, text]).toEqual([400, expect.stringContaining(option.split('=')[0] ?? '') as unknown]);
    }
  });
});
