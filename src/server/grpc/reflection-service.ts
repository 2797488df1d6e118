import { status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import type { GrpcService } from './call.js';
import { fileDescriptor } from './descriptors.js';
import type { ProtoFile, Schema } from './schema.js';

interface ReflectionRequest {
  readonly host: string;
  readonly message_request?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly all_extension_numbers_of_type?: string;
}

/** grpc.reflection.v1(alpha).ServerReflection: tells clients such as grpcurl what can be called. */
export function reflectionServices(schema: Schema, services: readonly string[]): GrpcService[] {
  const descriptors = new Map(schema.files.map((file) => [file.name, fileDescriptor(schema, file)]));
  const versions = ['v1', 'v1alpha'] as const;
  const listed = [...services, ...versions.map(nameOf)].map((name) => ({ name }));

  /** A file and all it imports, the imported last. */
  function withImports(file: ProtoFile): Uint8Array[] {
    const names = new Set([file.name]);
    for (const name of names) {
      for (const other of schema.files.find((each) => each.name === name)?.imports ?? []) names.add(other);
    }
    return [...names].flatMap((name) => descriptors.get(name) ?? []);
  }

  function files(file: ProtoFile | undefined, what: string): object {
    return file === undefined
      ? notFound(what)
      : { file_descriptor_response: { file_descriptor_proto: withImports(file) } };
  }

  function answer(request: ReflectionRequest): object {
    switch (request.message_request) {
      case 'list_services':
        return { list_services_response: { service: listed } };
      case 'file_by_filename': {
        const name = request.file_by_filename ?? '';
        return files(
          schema.files.find((file) => file.name === name),
          name,
        );
      }
      case 'file_containing_symbol': {
        const symbol = request.file_containing_symbol ?? '';
        return files(fileOf(schema, symbol), symbol);
      }
      case 'all_extension_numbers_of_type': {
        const type = request.all_extension_numbers_of_type ?? '';
        return fileOf(schema, type) === undefined
          ? notFound(type)
          : { all_extension_numbers_response: { base_type_name: type, extension_number: [] } };
      }
      case 'file_containing_extension':
        return notFound('an extension');
      default:
        return {
          error_response: {
            error_code: status.INVALID_ARGUMENT,
            error_message: 'The request asks for nothing.',
          },
        };
    }
  }

  return versions.map((version) => ({
    name: nameOf(version),
    methods: {
      ServerReflectionInfo: {
        kind: 'exchange',
        open: true,
        handle: (request: ReflectionRequest) => ({
          valid_host: request.host,
          original_request: request,
          ...answer(request),
        }),
      },
    },
  }));
}

function nameOf(version: string): string {
  return `grpc.reflection.${version}.ServerReflection`;
}

function notFound(what: string): object {
  return { error_response: { error_code: status.NOT_FOUND, error_message: `There is no ${what} here.` } };
}

/** The file that defines a message, field, enum, service or method. */
function fileOf({ root, files }: Schema, symbol: string): ProtoFile | undefined {
  let found = /^[\w.]{1,500}$/.test(symbol) ? memberAt(root, symbol) : null;
  if (found === null || isPackage(found)) return undefined;
  while (found !== null && !isPackage(found)) found = found.parent;
  const owner = found?.fullName.replace(/^\./, '');
  return files.find((file) => file.package === owner);
}

/** Types, enums and services are namespaces too, of classes of their own. */
function isPackage(object: protobuf.ReflectionObject): boolean {
  return object.constructor === protobuf.Namespace || object instanceof protobuf.Root;
}

/** Looked up from the root only: protobufjs would also find a name in any package. */
function memberAt(root: protobuf.Root, symbol: string): protobuf.ReflectionObject | null {
  let at: protobuf.ReflectionObject | null = root;
  for (const name of symbol.split('.')) {
    if (at instanceof protobuf.Type) at = at.get(name) ?? at.fields[name] ?? null;
    else if (at instanceof protobuf.Service) at = at.methods[name] ?? null;
    else if (at instanceof protobuf.Namespace || at instanceof protobuf.Root) at = at.get(name);
    else return null;
  }
  return at;
}
