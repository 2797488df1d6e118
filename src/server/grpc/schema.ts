import protobuf from 'protobufjs';
import { HEALTH_PROTO } from './proto/health.js';
import { INFERENCE_PROTO } from './proto/inference.js';
import { reflectionProto } from './proto/reflection.js';
import { TENSORFLOW_SERVING_PROTO } from './proto/tensorflow-serving.js';
import { TENSORFLOW_PROTO } from './proto/tensorflow.js';
import { WELL_KNOWN_PROTO } from './proto/well-known.js';

/** A .proto file: the only one of its package. */
export interface ProtoFile {
  /** How reflection calls it. */
  readonly name: string;
  readonly package: string;
  readonly imports: readonly string[];
}

const WELL_KNOWN = 'aimaas/google_protobuf.proto';
const TENSORFLOW = 'aimaas/tensorflow.proto';

const SOURCES: readonly (ProtoFile & { readonly text: string })[] = [
  { name: WELL_KNOWN, package: 'google.protobuf', imports: [], text: WELL_KNOWN_PROTO },
  { name: TENSORFLOW, package: 'tensorflow', imports: [], text: TENSORFLOW_PROTO },
  {
    name: 'aimaas/tensorflow_serving.proto',
    package: 'tensorflow.serving',
    imports: [WELL_KNOWN, TENSORFLOW],
    text: TENSORFLOW_SERVING_PROTO,
  },
  { name: 'open_inference_grpc.proto', package: 'inference', imports: [], text: INFERENCE_PROTO },
  { name: 'grpc/health/v1/health.proto', package: 'grpc.health.v1', imports: [], text: HEALTH_PROTO },
  ...(['v1', 'v1alpha'] as const).map((version) => ({
    name: `grpc/reflection/${version}/reflection.proto`,
    package: `grpc.reflection.${version}`,
    imports: [],
    text: reflectionProto(version),
  })),
];

/** The files of all services, parsed. */
export interface Schema {
  readonly root: protobuf.Root;
  readonly files: readonly ProtoFile[];
}

export function loadSchema(): Schema {
  const root = new protobuf.Root();
  for (const { text } of SOURCES) protobuf.parse(text, root, { keepCase: true });
  root.resolveAll();
  return { root, files: SOURCES };
}
