import { bytesOf } from '../../tensors/binary.js';
import { flatJson } from '../../tensors/json.js';
import type { Reply } from '../../route.js';
import type { ChosenOutput } from './outputs.js';

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly id: string | undefined;
  readonly outputs: readonly ChosenOutput[];
}

/** An answer as JSON, with the bytes of its binary outputs behind it. */
export function inferReply({ modelName, modelVersion, id, outputs }: InferResponse): Reply {
  const parts: Uint8Array[] = [];
  const written = outputs.map(({ name, tensor, binary }) => {
    const head = `{"name":${JSON.stringify(name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}]`;
    if (!binary) return `${head},"data":${flatJson(tensor)}}`;
    const bytes = bytesOf(tensor);
    parts.push(bytes);
    return `${head},"parameters":{"binary_data_size":${bytes.byteLength}}}`;
  });
  const told = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  const text = `{${told}"model_name":${JSON.stringify(modelName)},"model_version":"${modelVersion}","outputs":[${written.join(',')}]}`;
  if (parts.length === 0) return { status: 200, body: text };
  const head = Buffer.from(text);
  return {
    status: 200,
    body: Buffer.concat([head, ...parts]),
    type: 'application/octet-stream',
    headers: { 'Inference-Header-Content-Length': String(head.length) },
  };
}
