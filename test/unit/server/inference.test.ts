import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, valuesFromBytes } from '../../../src/server/tensors/binary.js';
import type { Tensor } from '../../../src/server/tensors/tensor.js';
import { PENGUIN, SPECIES } from '../../helpers/penguins.js';
import { type Answer, openPenguinModels, startServer, type TestServer } from '../../helpers/server.js';

let server: TestServer;
let dispose: () => Promise<void>;

beforeAll(async () => {
  const opened = await openPenguinModels();
  server = await startServer(opened.models);
  dispose = opened.dispose;
});
afterAll(async () => {
  await server.close({ linger: 0 });
  await dispose();
  expect(server.errors).toEqual([]);
});

interface Output {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size: number };
}

interface Inferred {
  readonly id?: string;
  readonly model_name: string;
  readonly model_version: string;
  readonly outputs: readonly Output[];
}

const ROWS = [PENGUIN, { ...PENGUIN, island: 'Biscoe', 'body mass, g': 5700, male: false }];

const TENSORS: readonly (Tensor & { readonly name: string })[] = [
  { name: 'island', datatype: 'BYTES', shape: [2], values: ['Dream', 'Biscoe'] },
  { name: 'bill_length_mm', datatype: 'FP64', shape: [2], values: Float64Array.of(44.5, 44.5) },
  { name: 'body mass, g', datatype: 'INT32', shape: [2, 1], values: Int32Array.of(4100, 5700) },
  { name: 'male', datatype: 'BOOL', shape: [2], values: Uint8Array.of(1, 0) },
  { name: 'observed', datatype: 'BYTES', shape: [2], values: ['1970-11-01', '1970-11-01'] },
];

/** The tensors as JSON has them. */
function jsonInputs(): Record<string, unknown>[] {
  return TENSORS.map(({ name, datatype, shape, values }) => ({
    name,
    datatype,
    shape,
    data: Array.from(values as readonly unknown[], (value) => (datatype === 'BOOL' ? value === 1 : value)),
  }));
}

function infer(body: unknown, path = '/v2/models/penguins/infer'): Promise<Answer> {
  return server.post(path, body);
}

/** Sends JSON with bytes behind it. */
async function inferBinary(head: unknown, bytes: Uint8Array, path = '/v2/models/penguins/infer') {
  const text = Buffer.from(JSON.stringify(head));
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'Inference-Header-Content-Length': String(text.length) },
    body: new Uint8Array(Buffer.concat([text, bytes])),
  });
  const answer = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length') ?? answer.length);
  return {
    response,
    body: JSON.parse(answer.subarray(0, length).toString()) as Inferred,
    bytes: answer.subarray(length),
  };
}

async function direct(records: readonly Record<string, unknown>[] = ROWS, index = 0) {
  const model = server.models[index];
  if (model === undefined) throw new Error('no such model');
  return model.predictor.predict(model.toTable(records));
}

async function expectedOutputs(): Promise<Output[]> {
  const answers = await direct();
  return [
    { name: 'label', datatype: 'BYTES', shape: [2], data: answers.map(({ prediction }) => prediction) },
    {
      name: 'probabilities',
      datatype: 'FP32',
      shape: [2, 3],
      data: answers.flatMap(({ probabilities }) => SPECIES.map((name) => probabilities?.[name])),
    },
  ];
}

describe('health and metadata', () => {
  it('tells what the server and its models are', async () => {
    expect((await server.get('/v2')).body).toMatchObject({
      name: 'aimaas',
      extensions: expect.arrayContaining(['binary_tensor_data']) as unknown,
    });
    expect((await server.get('/v2/')).status).toBe(200);
    expect((await server.get('/v2/health/live')).body).toEqual({ live: true });
    expect((await server.get('/v2/health/ready')).body).toEqual({ ready: true });
    expect((await server.get('/v2/models/penguins/ready')).body).toEqual({ name: 'penguins', ready: true });
    expect((await server.get('/v2/models/penguins/versions/1/ready')).status).toBe(200);
    expect((await server.get('/v2/models/penguins')).body).toEqual({
      name: 'penguins',
      versions: ['2', '1'],
      platform: 'aimaas',
      inputs: [
        { name: 'island', datatype: 'BYTES', shape: [-1] },
        { name: 'bill_length_mm', datatype: 'FP64', shape: [-1] },
        { name: 'body mass, g', datatype: 'FP64', shape: [-1] },
        { name: 'male', datatype: 'BOOL', shape: [-1] },
        { name: 'observed', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'probabilities', datatype: 'FP32', shape: [-1, 3], parameters: { classes: SPECIES } },
      ],
    });
    expect((await server.get('/v2/models/flippers/versions/1')).body).toMatchObject({
      outputs: [{ name: 'value', datatype: 'FP32', shape: [-1] }],
    });
  });

  it('lists the repository', async () => {
    const { status, body } = await server.post('/v2/repository/index', '');
    expect(status).toBe(200);
    expect(body).toEqual([
      { name: 'penguins', version: '2', state: 'READY', reason: '' },
      { name: 'penguins', version: '1', state: 'READY', reason: '' },
      { name: 'flippers', version: '1', state: 'READY', reason: '' },
    ]);
    expect((await server.post('/v2/repository/index', { ready: true })).body).toEqual(body);
  });

  it('is not ready while an engine fails', async () => {
    const [real] = server.models;
    if (real === undefined) throw new Error('no model');
    const own = await startServer([{ ...real, run: () => Promise.reject(new Error('out of memory')) }]);
    try {
      expect((await own.post('/v2/models/penguins/infer', { inputs: jsonInputs() })).status).toBe(500);
      expect((await own.get('/v2/health/ready')).status).toBe(503);
      expect((await own.get('/v2/models/penguins/ready')).status).toBe(503);
      expect((await own.post('/v2/repository/index', { ready: true })).body).toEqual([]);
      expect((await own.get('/v2/health/live')).status).toBe(200);
    } finally {
      await own.close({ linger: 0 });
    }
  });

  it.each([
    ['/v2/models/pinguins', 404, 'Did you mean \\"penguins\\"?'],
    ['/v2/models/penguins/versions/7', 404, 'Versions served: 2, 1.'],
    ['/v2/models/penguins/versions/one', 400, 'no version number'],
    ['/v2/models/%', 400, 'percent-encoding'],
    ['/v2/health', 404, 'nothing at /v2/health'],
  ])('answers %s with %i', async (path, status, words) => {
    const answer = await server.get(path);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(words);
    expect(Object.keys(answer.body as object)).toEqual(['error']);
  });
});

describe('infer', () => {
  it('answers tensors with the numbers that /predict gives', async () => {
    const { status, headers, body } = await infer({ id: 'a "7"', inputs: jsonInputs() });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json');
    expect(body).toEqual({
      id: 'a "7"',
      model_name: 'penguins',
      model_version: '2',
      outputs: await expectedOutputs(),
    });
  });

  it('answers for a version, and with values', async () => {
    const { body } = await infer({ inputs: jsonInputs() }, '/v2/models/penguins/versions/1/infer');
    expect((body as Inferred).outputs[0]?.data).toEqual(
      (await direct(ROWS, 1)).map(({ prediction }) => prediction),
    );
    const value = await infer({ inputs: jsonInputs() }, '/v2/models/flippers/infer');
    expect(value.body).toEqual({
      model_name: 'flippers',
      model_version: '1',
      outputs: [
        {
          name: 'value',
          datatype: 'FP32',
          shape: [2],
          data: (await direct(ROWS, 2)).map(({ prediction }) => prediction),
        },
      ],
    });
  });

  it('takes nested data, null and "" for missing values', async () => {
    const inputs = jsonInputs();
    Object.assign(inputs[2] ?? {}, { data: [[4100], [5700]] });
    expect((await infer({ inputs })).body).toMatchObject({ outputs: await expectedOutputs() });
    Object.assign(inputs[1] ?? {}, { data: [null, 44.5] });
    Object.assign(inputs[0] ?? {}, { data: ['', 'Biscoe'] });
    const answers = await direct([{ ...ROWS[0], bill_length_mm: null, island: null }, ROWS[1] ?? {}]);
    expect((await infer({ inputs })).body).toMatchObject({
      outputs: [{ data: answers.map(({ prediction }) => prediction) }, {}],
    });
  });

  it.each<[string, Uint8Array | Uint16Array | BigInt64Array | Float32Array | Int8Array]>([
    ['INT64', BigInt64Array.of(41n, 57n)],
    ['UINT8', Uint8Array.of(41, 57)],
    ['INT8', Int8Array.of(41, 57)],
    ['FP32', Float32Array.of(41, 57)],
    ['FP16', Uint16Array.of(0x5120, 0x5320)],
    ['BF16', Uint16Array.of(0x4224, 0x4264)],
  ])('takes %s for a number, in JSON and in bytes', async (datatype, values) => {
    const expected = await direct(ROWS.map((row, i) => ({ ...row, 'body mass, g': i === 0 ? 41 : 57 })));
    const labels = expected.map(({ prediction }) => prediction);
    const probabilities = expected.flatMap(({ probabilities: p }) => SPECIES.map((name) => p?.[name]));
    const inputs = jsonInputs();
    inputs[2] = { name: 'body mass, g', datatype, shape: [2], data: [41, 57] };
    const outputs = [{ data: labels }, { data: probabilities }];
    expect((await infer({ inputs })).body).toMatchObject({ outputs });
    const bytes = new Uint8Array(values.buffer);
    inputs[2] = {
      name: 'body mass, g',
      datatype,
      shape: [2],
      parameters: { binary_data_size: bytes.length },
    };
    expect((await inferBinary({ inputs }, bytes)).body).toMatchObject({ outputs });
  });

  it('takes and gives bytes, as tritonclient sends them', async () => {
    const parts = TENSORS.map((tensor) => bytesOf(tensor));
    const inputs = TENSORS.map(({ name, datatype, shape }, i) => ({
      name,
      datatype,
      shape,
      parameters: { binary_data_size: parts[i]?.length },
    }));
    const { response, body, bytes } = await inferBinary(
      { inputs, parameters: { binary_data_output: true } },
      Buffer.concat(parts),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const [label, probabilities] = body.outputs;
    const split = label?.parameters?.binary_data_size ?? 0;
    expect(split + (probabilities?.parameters?.binary_data_size ?? 0)).toBe(bytes.length);
    const [expectedLabel, expectedProbabilities] = await expectedOutputs();
    const labels = valuesFromBytes('label', 'BYTES', [2], bytes.subarray(0, split));
    expect(Array.from(labels as Uint8Array[], (value) => Buffer.from(value).toString())).toEqual(
      expectedLabel?.data,
    );
    const numbers = valuesFromBytes('probabilities', 'FP32', [2, 3], bytes.subarray(split));
    expect(Array.from(numbers as Float32Array)).toEqual(
      (expectedProbabilities?.data as number[]).map(Math.fround),
    );
  });

  it('gives the outputs that are asked for, as they are asked for', async () => {
    const outputs = [{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }];
    const { body, bytes } = await inferBinary({ inputs: jsonInputs(), outputs }, Buffer.alloc(0));
    expect(body.outputs.map(({ name }) => name)).toEqual(['probabilities', 'label']);
    expect(bytes.length).toBe(24);
    expect(body.outputs[1]?.data).toEqual((await expectedOutputs())[0]?.data);
  });

  it('ranks classes', async () => {
    const outputs = [{ name: 'probabilities', parameters: { classification: 2 } }];
    const { body } = await infer({ inputs: jsonInputs(), outputs });
    const [ranked] = (body as Inferred).outputs;
    expect(ranked).toMatchObject({ datatype: 'BYTES', shape: [2, 2] });
    const expected = (await direct()).flatMap(({ probabilities = {} }) =>
      SPECIES.map((name, i) => ({ name, i, p: probabilities[name] ?? NaN }))
        .sort((a, b) => b.p - a.p)
        .slice(0, 2)
        .map(({ name, i, p }) => `${p}:${i}:${name}`),
    );
    expect(ranked?.data).toEqual(expected);
  });

  it('takes all columns as one matrix', async () => {
    const data = ROWS.map((row) => Object.values(row).map(String));
    const { body } = await infer({ inputs: [{ name: 'x', datatype: 'BYTES', shape: [2, 5], data }] });
    expect(body).toMatchObject({ outputs: await expectedOutputs() });
  });

  it('answers no rows with no answers', async () => {
    const inputs = jsonInputs().map((input) => ({ ...input, shape: [0], data: [] }));
    expect((await infer({ inputs })).body).toMatchObject({
      outputs: [
        { name: 'label', shape: [0], data: [] },
        { name: 'probabilities', shape: [0, 3], data: [] },
      ],
    });
  });

  const without = (index: number, change: object): unknown => {
    const inputs = jsonInputs();
    inputs[index] = { ...inputs[index], ...change };
    return { inputs };
  };

  it.each<[string, () => unknown, string]>([
    ['a list', () => [], 'not an object'],
    ['no inputs', () => ({}), 'no \\"inputs\\"'],
    ['inputs that are no list', () => ({ inputs: {} }), 'not a list'],
    ['an input that is no object', () => ({ inputs: [7] }), 'not an object'],
    ['an input that is null', () => ({ inputs: [null] }), 'not an object'],
    ['an input without a name', () => without(0, { name: 7 }), 'name 7'],
    ['an input twice', () => without(0, { name: 'observed' }), 'given twice'],
    [
      'an unknown type',
      () => without(0, { datatype: 'STRING' }),
      'datatype \\"STRING\\"; expected one of BOOL',
    ],
    ['a shape that is none', () => without(0, { shape: [-1] }), 'not a list of sizes'],
    ['a shape that is too large', () => without(0, { shape: [2 ** 40, 2 ** 40] }), 'not a list of sizes'],
    [
      'another number of elements',
      () => without(0, { data: ['Dream'] }),
      'has 1 elements; its shape [2] has 2',
    ],
    [
      'data of another type',
      () => without(1, { data: [1, '2'] }),
      'Element 1 of tensor \'bill_length_mm\' is \\"2\\"',
    ],
    ['data of another nesting', () => without(1, { data: [[1], [2, 3]], shape: [2, 1] }), 'nested data'],
    ['no data', () => without(1, { data: undefined }), 'not a list'],
    ['a missing column', () => without(0, { name: 'isle' }), "'island' is missing"],
    ['columns of different lengths', () => without(0, { shape: [1], data: ['Dream'] }), '2 rows'],
    ['a column of another shape', () => without(0, { shape: [1, 2], data: ['a', 'b'] }), 'shape [1,2]'],
    ['a value its column does not take', () => without(4, { data: ['1970-11-01', 'soon'] }), 'Row 1'],
    [
      'an output it does not have',
      () => ({ inputs: jsonInputs(), outputs: [{ name: 'x' }] }),
      "no output 'x'",
    ],
    [
      'an output twice',
      () => ({ inputs: jsonInputs(), outputs: [{ name: 'label' }, { name: 'label' }] }),
      'twice',
    ],
    [
      'classes of a text',
      () => ({ inputs: jsonInputs(), outputs: [{ name: 'label', parameters: { classification: 1 } }] }),
      'no classes',
    ],
    ['an id that is no text', () => ({ id: 7, inputs: jsonInputs() }), '\\"id\\" is 7'],
    ['a timeout that is none', () => ({ inputs: jsonInputs(), parameters: { timeout: 'soon' } }), 'timeout'],
    [
      'bytes that did not come',
      () => without(0, { parameters: { binary_data_size: 8 }, data: undefined }),
      'ends after 0',
    ],
  ])('refuses %s with 400', async (_, body, words) => {
    const answer = await infer(body());
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(words) as unknown]);
    expect(Object.keys(answer.body as object)).toEqual(['error']);
  });

  it('refuses bytes that are too many, too few, cut, or not where the header says', async () => {
    const inputs = jsonInputs();
    const bytes = bytesOf({ datatype: 'BYTES', shape: [2], values: ['Dream', 'Biscoe'] });
    const given = (size: number, shape = [2]): unknown => ({
      inputs: [
        { name: 'island', datatype: 'BYTES', shape, parameters: { binary_data_size: size } },
        ...inputs.slice(1),
      ],
    });
    expect((await inferBinary(given(bytes.length), bytes)).response.status).toBe(200);
    const cases: [unknown, Uint8Array, string][] = [
      [given(bytes.length), Buffer.concat([bytes, Buffer.alloc(3)]), '3 bytes more'],
      [given(bytes.length), bytes.subarray(1), 'ends after'],
      [given(bytes.length - 1), bytes.subarray(0, -1), 'longer than the data'],
      [given(bytes.length, [3]), bytes, 'hold 2'],
      [given(bytes.length, [1]), bytes, 'hold more'],
    ];
    for (const [head, sent, words] of cases) {
      const { response, body } = await inferBinary(head, sent);
      expect([response.status, JSON.stringify(body)]).toEqual([
        400,
        expect.stringContaining(words) as unknown,
      ]);
    }
    for (const length of ['-1', 'x', '99999999']) {
      const answer = await server.get('/v2/models/penguins/infer', {
        method: 'POST',
        headers: { 'Inference-Header-Content-Length': length },
        body: '{}',
      });
      expect([answer.status, answer.text]).toEqual([
        400,
        expect.stringContaining('Content-Length') as unknown,
      ]);
    }
    const raw = await server.get('/v2/models/penguins/infer', {
      method: 'POST',
      headers: { 'Inference-Header-Content-Length': '0' },
      body: 'x',
    });
    expect([raw.status, raw.text]).toEqual([400, expect.stringContaining('one input') as unknown]);
  });
});
